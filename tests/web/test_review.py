"""A review of forms over HTTP: fields, their pictures, and corrections that are kept at once."""

import csv
import io

import numpy as np
from PIL import Image

from byhand.forms.desk import ReviewDesk
from byhand.forms.review import Review
from tests.forms.test_review import page
from tests.web.conftest import client_of


def test_fields_are_corrected_one_by_one(tmp_path):
    review = Review(tmp_path / "r")
    review.add(page("a.png"))
    review.write()
    with client_of() as client:
        assert client.get("/api/settings").json()["review"] is False
        assert client.get("/api/review").status_code == 404
        client.app.page.server.review = ReviewDesk(tmp_path / "r")
        assert client.get("/api/settings").json()["review"] is True
        first, second = client.get("/api/review").json()["fields"]
        assert (first["field"], first["text"], second["reason"]) == ("n", '12"', "sum")
        picture = client.get(f"/api/review/{second['number']}/picture")
        assert picture.headers["content-type"] == "image/png"
        assert np.asarray(Image.open(io.BytesIO(picture.content))).shape == (20, 50)
        assert client.put("/api/review/2", json={"label": "3"}).json() == {"done": 1, "count": 2}
        (row,) = csv.DictReader((tmp_path / "r" / "corrections.csv").open())
        assert (row["label"], row["scan"], row["page"], row["field"]) == ("3", "a.png", "1", "sum")
        assert (tmp_path / "r" / row["file"]).exists()
        assert client.put("/api/review/2", json={"label": None}).json() == {"done": 0, "count": 2}
        for number, table, status in ((3, {}, 404), (0, {}, 404), (1, {"label": 3}, 422), (1, {"label": "a\n"}, 422)):
            assert client.put(f"/api/review/{number}", json=table).status_code in (status, 400)
        assert client.get("/api/review/3/picture").status_code == 404
