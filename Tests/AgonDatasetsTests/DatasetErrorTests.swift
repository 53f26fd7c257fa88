import AgonDatasets
import Testing

@Suite struct DatasetErrorTests {
    @Test(
        arguments: [
            (.unreadable(path: "a", reason: "No such file"), "a: cannot be read: No such file"),
            (.badIDX(path: "a.gz", reason: "why"), "a.gz: not a valid IDX file: why"),
            (.labelCount(path: "l", labels: 3, images: 4), "l: contains 3 labels for 4 images"),
            (
                .oddPair(path: "p.jpg", width: 511),
                "p.jpg: two images side by side must have an even width, but this file is 511 pixels wide"
            ),
            (
                .imageTooSmall(
                    path: "p", transform: "center-crop", height: 64, width: 64,
                    image: ImageShape(height: 60, width: 80, channels: 3)),
                "p: center-crop to 64x64 does not fit the image of 60x80x3; resize it first"
            ),
            (
                .noImages(path: "f", leftOut: [".heic": 2, "hidden": 1]),
                "f: contains no PNG, JPEG, WebP, TIFF, GIF or BMP images, not even in its subfolders; "
                    + "left out: 2 .heic, 1 hidden"
            ),
            (
                .brokenImages(path: "f", [.init(file: "a.png", reason: "why")], count: 9),
                "f/a.png: why; remove the file, or set dataset.broken to \"skip\""
            ),
            (
                .brokenImages(
                    path: "f", [.init(file: "a.png", reason: "why"), .init(file: "b.png", reason: "how")], count: 9),
                "f: 2 of 9 images are broken; remove them, or set dataset.broken to \"skip\": a.png: why; b.png: how"
            ),
            (
                .brokenImages(path: "f", [.init(file: "a.png", reason: "why")], count: 9, canSkip: false),
                "f/a.png: why; remove the file"
            ),
            (
                .brokenImages(
                    path: "f", [.init(file: "a.png", reason: "why"), .init(file: "b.png", reason: "how")], count: 2,
                    canSkip: false),
                "f: all 2 images are broken: a.png: why; b.png: how"
            ),
            (
                .otherContents(path: "f", name: "mnist"),
                "f: contents differ from those recorded for this dataset; they are those of 'mnist'"
            ),
            (
                .otherContents(path: "f", name: nil),
                "f: contents differ from those recorded for this dataset, although the size is the same"
            ),
            (
                .pythonCIFAR(path: "f"),
                "f: contains the Python version of CIFAR-10; Agon reads the binary version, cifar-10-binary.tar.gz: "
                    + "agon datasets fetch cifar10"
            ),
            (
                .noTrainingFolder(path: "f", parts: ["test", "val"]),
                "f: contains test, val, but no folder 'train'; dataset.path may name one of them directly"
            ),
            (
                .missing(
                    name: "m", files: ["i"], folders: ["a"], remedy: "get it with: agon datasets fetch m",
                    passedOver: ["b: why"]),
                "dataset 'm' not found: no i in a. Passed over: b: why. Get it with: agon datasets fetch m"
            ),
            (
                .missing(name: "mnist", files: ["i"], folders: ["a", "b"], remedy: "do this"),
                "dataset 'mnist' not found: no i in a, b. Do this"
            ),
            (
                .noTestSplit(origin: "f"),
                "f: has no test samples; hold some out with dataset.holdout, such as 0.1"
            ),
            (
                .unknownClass("Snaker", nearest: "Sneaker", classes: ["Bag", "Sneaker"], origin: "fashion-mnist"),
                "fashion-mnist: unknown class 'Snaker'. Did you mean 'Sneaker'? Classes: Bag, Sneaker"
            ),
            (.emptySelection(origin: "mnist"), "mnist: split, classes and limit leave no sample"),
            (
                .batchTooLarge(batchSize: 64, samples: 10),
                "the dataset's 10 samples do not fill a batch of 64; lower the batch size"
            ),
            (
                .batchTooLarge(batchSize: 4, samples: 1),
                "the dataset's 1 sample does not fill a batch of 4; lower the batch size"
            ),
            (.badEmbeddings(path: "t.npy", reason: "why"), "t.npy: why"),
            (
                .noDomain(path: "horses/trainB"),
                "horses/trainB: no such folder; unpaired images must be in trainA (conditions) and trainB (samples)"
            ),
            (
                .tooFewConditions(batchSize: 64, conditions: 10),
                "the dataset's 10 condition images do not fill a batch of 64; lower the batch size"
            ),
            (.notPairs(origin: "mnist"), "mnist: contains no pairs; remove dataset.unpaired"),
            (.unlabelledSubset, "the dataset has no labels, so it cannot provide labelled samples"),
            (
                .subsetTooSmall(size: 5, classes: 10),
                "5 labelled samples are fewer than the 10 classes; use at least one per class"
            ),
            (
                .tooFewOfClass("cat", samples: 3, needed: 5),
                "class 'cat' has 3 samples, but each class needs 5 labelled ones; use fewer"
            ),
            (
                .checksumMismatch(path: "f", expected: "aa", found: "bb"),
                "f: wrong contents, SHA-256 bb instead of aa; the file was not kept"
            ),
            (
                .missingTool(tool: "curl", remedy: "install it"), "'curl' is not installed; install it"
            ),
            (
                .fetchFailed(name: "n", attempts: ["a", "b"]), "dataset 'n' could not be fetched: a; b"
            ),
        ] as [(DatasetError, String)])
    func wordingIsPinned(error: DatasetError, expected: String) {
        #expect(error.description == expected)
    }
}
