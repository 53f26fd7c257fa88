import Foundation

/// PNG and JPEG files of a folder, read as RGB when they are wanted. Subfolders that hold images, at any depth, are
/// the classes.
///
/// Classes and files stand in the order of their names' Unicode scalars, so the order does not depend on the machine.
/// What is hidden (a name that begins with a dot) is passed over.
public struct ImageFolder: ImageSource {
    public let path: String
    public let shape: ImageShape
    public let labels: [Int32]?
    public let classNames: [String]
    public let residentBytes: Int
    /// Paths below `path`.
    let files: [String]

    /// Lists the images of a folder and reads the size of the first.
    ///
    /// Throws: `DatasetError.unreadable`, `.noImages`, `.looseFiles`, `.badImage`.
    public init(path: String) throws {
        let top = try FolderEntries(path: path)
        var files: [String] = []
        var labels: [Int32] = []
        var classNames: [String] = []
        for folder in sorted(top.folders) {
            var images: [String] = []
            try FolderEntries.visit(path + "/" + folder) { place, entries in
                let prefix = folder + place + "/"
                for image in entries.images { images.append(prefix + image) }
                return true
            }
            if images.isEmpty { continue }
            labels.append(contentsOf: repeatElement(Int32(classNames.count), count: images.count))
            classNames.append(folder)
            files.append(contentsOf: sorted(images))
        }
        let loose = sorted(top.images)
        if let first = loose.first, let folder = classNames.first {
            throw DatasetError.looseFiles(path: path, file: first, folder: folder)
        }
        self.path = path
        self.files = classNames.isEmpty ? loose : files
        self.labels = classNames.isEmpty ? nil : labels
        self.classNames = classNames
        // A name of more than 15 bytes lies outside of its String, after a head of 32 bytes.
        residentBytes =
            self.files.reduce(0) { sum, name in
                sum + MemoryLayout<String>.size + (name.utf8.count > 15 ? 32 + name.utf8.count : 0)
            } + (self.labels?.count ?? 0) * MemoryLayout<Int32>.size
        guard let first = self.files.first else { throw DatasetError.noImages(path: path) }
        var shape = try ImageFile.shape(path: path + "/" + first)
        shape.channels = 3
        self.shape = shape
    }

    public var count: Int { files.count }

    public var isDecoded: Bool { true }

    public func name(of index: Int) -> String { path + "/" + files[index] }

    public func read(_ index: Int, scratch: ImageScratch) throws {
        try ImageFile.read(path: name(of: index), scratch: scratch)
        if scratch.front.shape.channels == 1 {
            scratch.front.convert(from: 1, to: 3, into: &scratch.back)
            scratch.swap()
        }
    }

    /// Whether a folder holds an image, itself or in folders below.
    static func holdsImages(_ path: String) -> Bool {
        var isFound = false
        try? FolderEntries.visit(path) { _, entries in
            isFound = !entries.images.isEmpty
            return !isFound
        }
        return isFound
    }

    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
