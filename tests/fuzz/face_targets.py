"""What is fuzzed of faces: arrays, archives of pictures, lists of pairs."""

import io
import tarfile

import numpy as np

from byhand.data.faces import load_faces, load_lfw, read_pairs
from tests.fuzz.good_files import npy_file, picture_files


def faces(scratch, data):
    load_faces(scratch.file("faces.npy", data))


def people(scratch, data):
    load_lfw(scratch.file("lfw.tgz", data), least=2)


def pairs(scratch, data):
    read_pairs(scratch.file("pairs.txt", data))


def archives():
    """An archive with two pictures each of two people, as it is and compressed."""
    jpeg = next(file for file in picture_files() if file[:2] == b"\xff\xd8")
    made = []
    for mode in ("w", "w:gz"):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode=mode) as archive:
            for name in ("A_B/A_B_0001.jpg", "A_B/A_B_0002.jpg", "C_D/C_D_0001.jpg", "C_D/C_D_0002.jpg", "readme.txt"):
                member = tarfile.TarInfo(f"lfw_funneled/{name}")
                member.size = len(jpeg)
                archive.addfile(member, io.BytesIO(jpeg))
        made.append(stream.getvalue())
    return made


FACE_TARGETS = {
    "faces": (faces, lambda: [npy_file(np.zeros((4, 3, 3), np.float32))]),
    "people": (people, archives),
    "pairs": (pairs, lambda: [b"10\t300\nA_B\t1\t4\nA_B\t2\tC_D\t1\n"]),
}
