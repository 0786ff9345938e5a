"""Other readers, run by `bench.reading` in their own environment; reads paths from standard input, writes JSON."""

import json
import sys
import time

import cv2
import numpy as np
import onnxruntime

PAGE = 400  # pixels of height from which a picture is a page, and its rows have to be found first


def main():
    name, onnx, signs = sys.argv[1:]
    images = [decode(line) for line in sys.stdin.read().splitlines()]
    read = rapidocr(signs) if name == "rapidocr" else naive(onnx)
    read(images[0])
    start = time.perf_counter()
    texts = [read(image) for image in images]
    print(json.dumps({"texts": texts, "seconds": time.perf_counter() - start}))


def decode(path):
    """Blue, green, red; transparent places are white."""
    image = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    if image.ndim == 3 and image.shape[2] == 4:
        alpha = image[:, :, 3:] / 255
        return np.rint(image[:, :, :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    return cv2.imread(path, cv2.IMREAD_COLOR)


def rapidocr(signs):
    """RapidOCR's recognition, all classes but blank, digits and these signs made impossible."""
    from rapidocr import RapidOCR

    engine = RapidOCR(params={"Global.log_level": "error", "Global.text_score": 0.0})
    recognizer = engine._load_rec_model()
    session = recognizer.session
    allowed = [
        i for i, c in enumerate(recognizer.postprocess_op.character) if c == "blank" or c in {*"0123456789", *signs}
    ]

    class Held:
        def __getattr__(self, name):
            return getattr(session, name)

        def __call__(self, batch):
            p = session(batch)
            held = np.full_like(p, -np.inf)
            held[:, :, allowed] = p[:, :, allowed]
            return held

    recognizer.session = Held()

    def read(image):
        result = engine(image, use_det=image.shape[0] >= PAGE, use_cls=False, use_rec=True)
        return "\n".join(result.txts or ())

    return read


def naive(onnx):
    """Otsu's threshold, components from left to right, each centred in 28 × 28 as MNIST has it, and a network."""
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0].name

    def read(image):
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        rim = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
        if np.median(rim) > 127:
            grey = 255 - grey
        _, mask = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        boxes = [(*stats[i, :4], i) for i in range(1, count)]
        tallest = max((box[3] for box in boxes), default=0)
        text = ""
        for x, y, w, h, i in sorted(boxes):
            if h < 0.4 * tallest or h < 6:  # points, commas, dirt
                continue
            piece = np.where(labels[y : y + h, x : x + w] == i, grey[y : y + h, x : x + w], 0)
            text += str(np.argmax(session.run(None, {entry: centred(piece)[None, None]})[0]))
        return text

    return read


def centred(piece):
    """A piece of ink as MNIST has digits: 20 pixels long, its centre of mass in the middle of 28 × 28."""
    scale = 20 / max(piece.shape)
    size = [max(1, round(side * scale)) for side in piece.shape]
    small = cv2.resize(piece, size[::-1], interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    small = small.astype(np.float32)
    small *= 255 / max(small.max(), 1)
    y, x = (small.sum(axis=1 - a) @ np.arange(size[a]) / max(small.sum(), 1) for a in (0, 1))
    top, left = (int(np.clip(round(14 - c), 0, 28 - side)) for c, side in zip((y, x), size, strict=True))
    field = np.zeros((28, 28), np.float32)
    field[top : top + size[0], left : left + size[1]] = small
    return field


if __name__ == "__main__":
    main()
