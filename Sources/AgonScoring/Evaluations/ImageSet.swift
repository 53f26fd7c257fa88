import AgonDatasets
import Foundation

/// Images to be measured: those of a folder, or of a split of a dataset, without training's transforms.
struct ImageSet {
    /// The folder's path, or the dataset's name.
    let name: String
    /// The files by their contents: the first 12 digits of their hash.
    let digest: String
    /// The split of a dataset; nil for a folder.
    let split: DatasetSplit?
    /// The size to which images are resized, as a config's transform `resize` does; nil: they keep their own.
    var target: (height: Int, width: Int)?
    private let source: any ImageSource
    private let origin: String

    /// The images of a folder and of the folders below it, or of an archive.
    ///
    /// Throws `DatasetError`.
    init(folder path: String, cacheFolder: String?) throws {
        let images: ImageFolder
        do {
            let folder = try DatasetArchive.folder(of: path, cacheFolder: cacheFolder)
            images = try ImageFolder(path: folder, cacheFolder: cacheFolder)
        } catch DatasetError.brokenImages(let path, let broken, let count, _) {
            // Here no config can leave images out.
            throw DatasetError.brokenImages(path: path, broken, count: count, canSkip: false)
        }
        name = path
        digest = String((images.fingerprint?.sha256 ?? "").prefix(12))
        split = nil
        source = images
        origin = path
    }

    /// The images of a dataset's split.
    ///
    /// Throws `DatasetError`.
    init(dataset name: String, split: DatasetSplit, searchPath: DataSearchPath) throws {
        let data = try DatasetConfiguration(name: name, split: split)
        let dataset = try data.open(searchPath: searchPath)
        guard let images = dataset as? ImageDataset else {
            throw MeasurementError.unfit(metric: "images", reason: "'\(name)' has no plain images")
        }
        self.name = name
        self.split = split
        digest = String((images.fingerprint?.sha256 ?? "").prefix(12))
        source = images.images
        origin = name
    }

    /// The size of all images; nil if they differ.
    func size() throws -> (height: Int, width: Int)? {
        if let target { return target }
        let first = try source.shape(of: 0)
        for index in 1..<max(source.count, 1) {
            let shape = try source.shape(of: index)
            if (shape.height, shape.width) != (first.height, first.width) { return nil }
        }
        return (first.height, first.width)
    }

    /// The images with a number of channels, at the target size or their own or, where sizes differ, at that of a
    /// classifier's input.
    ///
    /// Throws `DatasetError`, also where sizes differ and there is no other to resize to.
    func dataset(channels: Int, size: (height: Int, width: Int)?) throws -> (images: ImageDataset, isResized: Bool) {
        var transforms: [ImageTransform] = [channels == 1 ? .grayscale : .rgb]
        if let target { transforms.append(.resize(height: target.height, width: target.width)) }
        let isResized = try self.size() == nil && size != nil
        if isResized, let size { transforms.append(.resize(height: size.height, width: size.width, fit: .stretch)) }
        let images = try ImageDataset(
            source: source,
            selection: SampleSelection(count: source.count, labels: nil, classNames: [], origin: origin),
            transforms: transforms, memoryLimit: 0)
        return (images, isResized)
    }
}
