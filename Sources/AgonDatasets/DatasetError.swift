import AgonText
import Foundation

/// All errors about data. Each case has the values that its message needs.
public enum DatasetError: Error, Equatable, Sendable {
    // Files
    case unreadable(path: String, reason: String)
    case cannotWrite(path: String, reason: String)
    case badImage(path: String, reason: String)
    case badIDX(path: String, reason: String)
    case badCIFAR(path: String, reason: String)
    case badLabel(path: String, index: Int, label: Int, classes: Int)
    case labelCount(path: String, labels: Int, images: Int)
    case oddPair(path: String, width: Int)
    case unequalImage(path: String, shape: ImageShape, expected: ImageShape)
    case badEmbeddings(path: String, reason: String)
    /// A file of embeddings has another number of vectors than the split has samples.
    case embeddingCount(path: String, vectors: Int, samples: Int)
    /// - Parameter canSkip: whether the user can leave the images out with `dataset.broken`.
    case brokenImages(path: String, [BrokenImage], count: Int, canSkip: Bool = true)
    /// The contents differ from the record; `name` is the dataset to which they belong, if known.
    case otherContents(path: String, name: String?)
    case pythonCIFAR(path: String)
    case imageTooSmall(path: String, transform: String, height: Int, width: Int, image: ImageShape)

    // Folders
    case noImages(path: String, leftOut: [String: Int])
    case noTrainingFolder(path: String, parts: [String])
    case looseFiles(path: String, file: String, folder: String)
    case noDomain(path: String)

    // Choices
    /// A key of a dataset's configuration that is incompatible with the others.
    case unfitSetting(key: String, reason: String)
    case unknownDataset(String, nearest: String?, available: [String])
    /// `files` were searched for in `folders`; `passedOver` describes data that were found but rejected, `remedy` how
    /// to get the data.
    case missing(name: String, files: [String], folders: [String], remedy: String, passedOver: [String] = [])
    case noTestSplit(origin: String)
    case noHoldout(origin: String)
    case noLabels(origin: String, key: String = "classes")
    case unknownClass(String, nearest: String?, classes: [String], origin: String)
    case emptySelection(origin: String)
    case notDigits(origin: String)
    case impossibleCrop(transform: String, height: Int, width: Int, image: ImageShape)
    case batchTooLarge(batchSize: Int, samples: Int)
    case tooFewConditions(batchSize: Int, conditions: Int)
    case notPairs(origin: String)
    case unlabelledSubset
    case subsetTooSmall(size: Int, classes: Int)
    case tooFewOfClass(String, samples: Int, needed: Int)

    // Manifests and fetching
    case noManifests(folders: [String])
    case checksumMismatch(path: String, expected: String, found: String)
    case wrongSize(path: String, expected: Int, found: Int)
    case badArchive(path: String, reason: String)
    case missingTool(tool: String, remedy: String)
    case downloadFailed(source: String, reason: String)
    case notInFolder(name: String, folder: String, files: [String])
    case needsFolder(name: String, homepage: String, remedy: String)
    case fetchFailed(name: String, attempts: [String])
    case fetchRunning(path: String)

    /// A file that cannot be used as an image, by its path relative to the folder.
    public struct BrokenImage: Hashable, Sendable {
        public let file: String
        public let reason: String

        public init(file: String, reason: String) {
            (self.file, self.reason) = (file, reason)
        }
    }
}

extension DatasetError {
    /// Whether the cause is temporary, such as a disk that does not respond, and says nothing about the files.
    package var isPassing: Bool {
        switch self {
        // Errors of codecs contain the system's message, but not the error number.
        case .cannotWrite(_, let reason), .unreadable(_, let reason):
            [ENOSPC, EDQUOT, EFBIG, EIO, ESTALE, EAGAIN, ENOMEM, EMFILE, ENFILE, ETIMEDOUT, ENXIO, ENODEV].contains {
                reason.contains(String(cString: strerror($0)))
            }
        default: false
        }
    }
}

extension DatasetError: CustomStringConvertible, LocalizedError {
    public var errorDescription: String? { description }

    public var description: String { FileName.shown(text) }

    private var text: String {
        switch self {
        case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
        case .cannotWrite(let path, let reason): "\(path): \(reason)"
        case .badImage(let path, let reason): "\(path): \(reason)"
        case .badIDX(let path, let reason): "\(path): not a valid IDX file: \(reason)"
        case .badCIFAR(let path, let reason): "\(path): not a CIFAR-10 batch: \(reason)"
        case .badLabel(let path, let index, let label, let classes):
            "\(path): label \(index) is \(label), but there are \(classes) classes"
        case .labelCount(let path, let labels, let images):
            "\(path): contains \(CountText.short(labels, "label")) for \(CountText.short(images, "image"))"
        case .oddPair(let path, let width):
            "\(path): two images side by side must have an even width, but this file is \(width) pixels wide"
        case .unequalImage(let path, let shape, let expected):
            "\(path): is \(shape) after the transforms, but the first image is \(expected); "
                + "add a transform such as {\"type\": \"resize\", \"size\": \(expected.height)}"
        case .badEmbeddings(let path, let reason): "\(path): \(reason)"
        case .embeddingCount(let path, let vectors, let samples):
            "\(path): it contains \(CountText.short(vectors, "vector")), but the split has "
                + "\(CountText.short(samples, "sample")) before holdout, classes and limit"
        case .brokenImages(let path, let broken, let count, let canSkip):
            if count > 1, broken.count == count {
                "\(path): all \(count) images are broken: " + Self.reasons(broken)
            } else if broken.count == 1, let only = broken.first {
                "\(path)/\(only.file): \(only.reason); remove the file"
                    + (canSkip ? ", or set dataset.broken to \"skip\"" : "")
            } else {
                "\(path): \(broken.count) of \(count) images are broken; remove them"
                    + (canSkip ? ", or set dataset.broken to \"skip\": " : ": ") + Self.reasons(broken)
            }
        case .otherContents(let path, let name):
            "\(path): contents differ from those recorded for this dataset"
                + (name.map { "; they are those of '\($0)'" } ?? ", although the size is the same")
        case .pythonCIFAR(let path):
            "\(path): contains the Python version of CIFAR-10; Agon reads the binary version, cifar-10-binary.tar.gz: "
                + CommandText.agon("datasets fetch cifar10")
        case .imageTooSmall(let path, let transform, let height, let width, let image):
            "\(path): \(transform) to \(height)x\(width) does not fit the image of \(image); resize it first"
        case .noImages(let path, let leftOut):
            "\(path): contains no PNG, JPEG, WebP, TIFF, GIF or BMP images, not even in its subfolders"
                + (FolderSummary.text(leftOut).map { "; left out: \($0)" } ?? "")
        case .noTrainingFolder(let path, let parts):
            "\(path): contains \(Self.list(parts)), but no folder 'train'; dataset.path may name one of them directly"
        case .looseFiles(let path, let file, let folder):
            "\(path): contains both images ('\(file)') and folders of images ('\(folder)'); "
                + "put either all images in class folders or none"
        case .noDomain(let path):
            "\(path): no such folder; unpaired images must be in trainA (conditions) and trainB (samples)"
        case .unfitSetting(_, let reason): reason
        case .unknownDataset(let name, let nearest, let available):
            "unknown dataset '\(name)'." + Self.suggestion(nearest) + " Available: \(available.joined(separator: ", "))"
        case .missing(let name, let files, let folders, let remedy, let passedOver):
            "dataset '\(name)' not found: no \(Self.list(files)) in \(Self.list(folders)). "
                + passedOver.map { "Passed over: \($0). " }.joined() + remedy.prefix(1).uppercased()
                + remedy.dropFirst()
        case .noTestSplit(let origin):
            "\(origin): has no test samples; hold some out with dataset.holdout, such as 0.1"
        case .noHoldout(let origin):
            "\(origin): the validation split needs held-out samples; set dataset.holdout, such as 0.1"
        case .noLabels(let origin, let key): "\(origin): has no labels, which '\(key)' needs"
        case .unknownClass(let name, let nearest, let classes, let origin):
            "\(origin): unknown class '\(name)'." + Self.suggestion(nearest) + " Classes: \(Self.list(classes))"
        case .emptySelection(let origin): "\(origin): split, classes and limit leave no sample"
        case .notDigits(let origin): "\(origin): stacking needs ten classes of grey images"
        case .impossibleCrop(let transform, let height, let width, let image):
            "\(transform) to \(height)x\(width) does not fit an image of \(image); resize it first"
        case .batchTooLarge(let batchSize, let samples):
            "the dataset's \(CountText.short(samples, "sample")) \(samples == 1 ? "does" : "do") not fill a batch of "
                + "\(batchSize); lower the batch size"
        case .tooFewConditions(let batchSize, let conditions):
            "the dataset's \(CountText.short(conditions, "condition image")) \(conditions == 1 ? "does" : "do") not fill "
                + "a batch of \(batchSize); lower the batch size"
        case .notPairs(let origin): "\(origin): contains no pairs; remove dataset.unpaired"
        case .unlabelledSubset: "the dataset has no labels, so it cannot provide labelled samples"
        case .subsetTooSmall(let size, let classes):
            "\(size) labelled samples are fewer than the \(classes) classes; use at least one per class"
        case .tooFewOfClass(let name, let samples, let needed):
            "class '\(name)' has \(CountText.short(samples, "sample")), but each class needs \(needed) labelled ones; "
                + "use fewer"
        case .noManifests(let folders):
            "no dataset manifests (*.json) in \(Self.list(folders)); "
                + "run in the project's folder, or below a folder with a 'Datasets' folder of manifests"
        case .checksumMismatch(let path, let expected, let found):
            "\(path): wrong contents, SHA-256 \(found) instead of \(expected); the file was not kept"
        case .wrongSize(let path, let expected, let found):
            "\(path): wrong size, \(found) bytes instead of \(expected); the file was not kept"
        case .badArchive(let path, let reason): "\(path): \(reason)"
        case .missingTool(let tool, let remedy): "'\(tool)' is not installed; \(remedy)"
        case .downloadFailed(let source, let reason): "\(source): download failed: \(reason)"
        case .notInFolder(let name, let folder, let files):
            "\(folder): contains no files of dataset '\(name)'; looked for \(Self.list(files))"
        case .needsFolder(let name, let homepage, let remedy):
            "dataset '\(name)' has no download address (about the data: \(homepage)); \(remedy)"
        case .fetchFailed(let name, let attempts):
            "dataset '\(name)' could not be fetched: " + attempts.joined(separator: "; ")
        case .fetchRunning(let path): "\(path): another fetch is running here; wait until it ends"
        }
    }

    private static func reasons(_ broken: [BrokenImage]) -> String {
        broken.map { "\($0.file): \($0.reason)" }.joined(separator: "; ")
    }

    private static func suggestion(_ nearest: String?) -> String { nearest.map { " Did you mean '\($0)'?" } ?? "" }

    /// The full list if it is short, otherwise the first few names.
    static func list(_ names: [String]) -> String {
        let shown = names.prefix(12).joined(separator: ", ")
        return names.count > 12 ? shown + " and \(names.count - 12) more" : shown
    }
}
