"""What one client does holds nothing up for others: memory, threads, turns, and processes that read."""

import gc
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from byhand.core.errors import ByhandError
from byhand.pictures.image import open_image
from byhand.reading.reader import READER, Reader
from byhand.web import app, job, observer, pictures
from byhand.web.limits import Limits, Refusal
from byhand.web.pictures import memory_needed, open_picture
from byhand.web.reading import Readers, ToRead
from byhand.web.slots import NEW, STEP, Slots
from byhand.web.state import Server
from tests.web.conftest import RAW, client_of, until
from tests.web.test_refusals import PNG, png
from tests.web.test_trainings import SMALL

LONG = SMALL | {"epochs": 200, "batch_size": 1}


def paused(client, **table):
    key = client.post("/api/trainings", json=SMALL | {"paused": True} | table).json()["id"]
    until(client, key, "paused")
    return key


# ---- trainings ----


def test_a_reading_that_fails_leaves_no_reader_behind(client, seven):
    key = paused(client)

    def readers():
        gc.collect()
        return sum(type(found) is Reader for found in gc.get_objects())

    client.post(f"/api/read?model={key}", content=seven.tobytes(), headers=RAW)
    before = readers()
    for _ in range(3):
        assert client.post(f"/api/read?model={key}", content=b"no picture", headers=PNG).status_code == 422
    assert readers() == before


def test_a_single_step_takes_a_turn_and_waits_for_no_training(monkeypatch):
    """With room for one training, the other one stands still while a step is made; and the step comes at once."""
    with client_of(trainings=1) as client:
        stepped = paused(client)
        running = client.post("/api/trainings", json=LONG).json()["id"]
        until(client, running, "running")
        numbers, seen = observer.StepRecorder.numbers, []

        def slow(self, training):
            for _ in range(2):
                seen.append(client.app.page.server.trainings.get(running).step)
                time.sleep(0.1)
            return numbers(self, training)

        monkeypatch.setattr(observer.StepRecorder, "numbers", slow)
        for _ in range(2):
            assert client.post(f"/api/trainings/{stepped}/step").status_code == 200
        assert seen[0] == seen[1] <= seen[2] == seen[3]
        assert client.get(f"/api/trainings/{running}").json()["state"] == "running"
        until(client, stepped, "paused")


def test_a_step_that_took_too_long_is_not_the_next_ones_answer(client, monkeypatch):
    key, numbers = paused(client), observer.StepRecorder.numbers

    def slow(self, training):
        time.sleep(0.3 if training.step == 1 else 0)
        return numbers(self, training)

    monkeypatch.setattr(observer.StepRecorder, "numbers", slow)
    monkeypatch.setattr(job, "STEP_SECONDS", 0.05)
    refused = client.post(f"/api/trainings/{key}/step")
    assert refused.status_code == 503 and "not done after" in refused.json()["error"]
    monkeypatch.setattr(job, "STEP_SECONDS", 20)
    assert client.post(f"/api/trainings/{key}/step").json()["step"] == 2


def test_steps_that_wait_hold_up_no_file_and_no_button(monkeypatch):
    begun, go = threading.Event(), threading.Event()
    numbers = observer.StepRecorder.numbers

    def waits(self, training):
        begun.set()
        go.wait(60)
        return numbers(self, training)

    monkeypatch.setattr(observer.StepRecorder, "numbers", waits)
    monkeypatch.setattr(app, "LANES", dict.fromkeys(app.LANES, 1))
    monkeypatch.setattr(job, "STEP_SECONDS", 60)
    with client_of() as client:
        key, other = paused(client), paused(client)
        step = threading.Thread(target=client.post, args=(f"/api/trainings/{key}/step",))
        step.start()
        assert begun.wait(60)
        answers = []
        ask = threading.Thread(
            target=lambda: answers.extend(
                [client.get("/static/style.css").status_code, client.post(f"/api/trainings/{other}/stop").status_code]
            )
        )
        ask.start()
        ask.join(30)
        go.set()
        step.join(60)
        assert answers == [200, 200]


def test_turns_by_rank_and_in_order():
    slots, got = Slots(1), []
    assert slots.acquire(lambda: False)

    def wait(name, rank):
        slots.acquire(lambda: False, rank)
        got.append(name)
        slots.release()

    threads = []
    for name, rank in (("first", NEW), ("second", NEW), ("step", STEP)):
        threads.append(threading.Thread(target=wait, args=(name, rank)))
        threads[-1].start()
        while len(slots._queue) < len(threads):
            time.sleep(0.01)
    assert slots.wanted(STEP) and slots.wanted(NEW)
    slots.release()
    for thread in threads:
        thread.join(60)
    assert got == ["step", "first", "second"] and not slots.wanted(STEP)


# ---- pictures ----


def test_pictures_wait_for_room():
    slots, entered = Slots(10), threading.Event()
    with slots.held(99):  # more than there is takes all of it
        late = threading.Thread(target=lambda: slots.acquire(lambda: False, need=4) and entered.set())
        late.start()
        assert not entered.wait(0.2)
    assert entered.wait(60)
    with slots.held(6):
        assert not slots.acquire(lambda: True, need=1)


def test_the_room_that_a_picture_takes_is_known_before_it_is_decoded():
    file = BytesIO()
    Image.new("L", (7000, 7000), 255).save(file, "PNG")
    assert 49e6 * 4 < memory_needed(file.getvalue(), Limits()) < 800e6
    with pytest.raises(ByhandError, match="more than 40,000,000 pixels"):
        memory_needed(file.getvalue(), Limits(image_pixels=40_000_000))
    with pytest.raises(ByhandError, match="not a picture"):
        memory_needed(b"no picture", Limits())


MEMORY = """
import re, sys
from byhand.web.limits import Limits
from byhand.web.pictures import open_picture
data = open(sys.argv[1], "rb").read()
size = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
open_picture(open(sys.argv[2], "rb").read(), Limits())
before = size()
open_picture(data, Limits())
print(size() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_a_coloured_picture_takes_few_bytes_a_pixel(tmp_path):
    """Decoded it has four; its grey levels, and a copy, have one each."""
    for name, side in {"large.png": 4900, "small.png": 40}.items():
        Image.new("RGB", (side, side), (200, 10, 190)).save(tmp_path / name)
    command = [sys.executable, "-c", MEMORY, tmp_path / "large.png", tmp_path / "small.png"]
    kibibytes = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert 4 < 1024 * kibibytes / 4900**2 < 7


@pytest.mark.parametrize("kind", ["RGB", "RGBA", "LA", "P", "1", "I;16", "L", "JPEG", "turned"])
def test_a_huge_picture_is_read_at_half_its_size(kind, monkeypatch):
    """The mean of each four pixels of the grey picture, whatever the file's mode."""
    rng = np.random.default_rng(0)
    light = np.kron(rng.integers(0, 2 if kind == "1" else 256, (35, 61), np.uint8), np.ones((24, 24), np.uint8))
    light = light * 255 if kind == "1" else light
    picture, file = Image.fromarray(light), BytesIO()
    if kind == "I;16":
        picture = Image.fromarray(light.astype(np.uint16) * 257)
    elif kind in ("RGB", "RGBA", "LA", "1"):
        picture = picture.convert(kind)
    elif kind == "P":
        picture = picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=256)
    exif = Image.Exif()
    exif[0x0112] = 6 if kind == "turned" else 1
    format = "JPEG" if kind in ("JPEG", "turned") else "PNG"
    picture.save(file, format, exif=exif, **({"quality": 98} if format == "JPEG" else {}))
    whole = open_image(file.getvalue()).astype(float)
    monkeypatch.setattr(pictures, "READ_PIXELS", 100_000)
    found, shrink = open_picture(file.getvalue(), Limits())
    assert shrink == 2 and found.dtype == np.uint8
    expected = whole.reshape(whole.shape[0] // 2, 2, whole.shape[1] // 2, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(found, expected, atol=8 if format == "JPEG" else 1.01)


def test_boxes_are_the_pictures_own_whatever_its_size(reader, canvas, monkeypatch):
    large = np.full((600, 800), 255, np.uint8)
    large[100:460, 100:700] = 255 - np.kron(canvas, np.ones((3, 3), np.uint8))
    body = {"content": png(large), "headers": PNG}
    whole = reader.post("/api/read", **body).json()
    looked = reader.post("/api/look?box=130,130,690,450", **body).json()["box"]
    region = reader.post("/api/look?box=0,0,60,60", **body)
    monkeypatch.setattr(pictures, "READ_PIXELS", 100_000)
    half = reader.post("/api/read", **body).json()
    assert (half["text"], half["width"], half["height"]) == ("7", 800, 600) and whole["text"] == "7"
    for key in ("digits", "symbols"):
        box = whole["lines"][0][key][0]["box"]
        np.testing.assert_allclose(half["lines"][0][key][0]["box"], box, atol=6)
    np.testing.assert_allclose(half["lines"][0]["box"], whole["lines"][0]["box"], atol=6)
    np.testing.assert_allclose(reader.post("/api/look?box=130,130,690,450", **body).json()["box"], looked, atol=6)
    assert region.status_code == 422


def test_signs_of_a_canvas_have_the_canvas_boxes(reader, canvas):
    """Rows, digits, signs and places that are not read: all stand on the canvas, not on the part that was cut out."""
    large = np.zeros((900, 1500), np.uint8)
    large[300:780, 500:1300] = np.kron(canvas, np.ones((4, 4), np.uint8))
    headers = RAW
    found = reader.post("/api/read?width=1500&height=900", content=large.tobytes(), headers=headers).json()
    (line,) = found["lines"]
    assert line["digits"][0]["box"] == line["symbols"][0]["box"]
    box = line["box"]
    assert box[0] + 20 > 500 + 16 * 17 and box[2] < 1300 and box[1] > 300


@pytest.mark.long
def test_a_process_that_reads_for_too_long_is_ended(canvas):
    limits = Limits(reading_seconds=0.01)
    server = Server(limits)
    readers = Readers(1, limits, server.memory)
    model, wanted = server.reader(None), ToRead(canvas)
    try:
        with pytest.raises(Refusal, match="not read within") as refused:
            readers(model, wanted, READER)
        assert refused.value.status == 422
        readers.limits = Limits()
        assert readers(model, wanted, READER)["text"] == "7"
    finally:
        readers.close()
        server.close()


# ---- bodies ----


def test_a_body_that_comes_byte_by_byte_is_counted_once():
    """Each piece is measured a few times, not once for every piece behind it."""
    import anyio

    from byhand.web.bodies import Bodies
    from byhand.web.operations import OPERATIONS

    measured = 0

    class Piece(bytes):
        def __len__(self):
            nonlocal measured
            measured += 1
            return super().__len__()

    class Asked:
        headers = {}

        async def stream(self):
            for _ in range(3000):
                yield Piece(b"x")

    async def take():
        bodies = Bodies(Limits())
        async with bodies.take(next(o for o in OPERATIONS if o.id == "read"), Asked()) as body:
            assert len(body) == 3000 == bodies.held
        assert bodies.held == 0

    with ThreadPoolExecutor(1) as thread:  # since a browser's tests keep a loop in this one
        thread.submit(anyio.run, take).result()
    assert measured < 5 * 3000


def test_a_time_out_of_ours_is_no_slow_body(client, seven, monkeypatch):
    from byhand.web import answers

    def late(*_):
        raise TimeoutError

    monkeypatch.setattr(answers, "digit", late)
    assert client.post("/api/look", content=seven.tobytes(), headers=RAW).status_code == 500
    assert client.app.page.bodies.held == 0
