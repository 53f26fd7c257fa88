import Foundation

/// PNG and JPEG files of a folder, read as RGB when they are wanted. Subfolders that hold pictures are the classes.
///
/// Classes and files stand in the order of their names' Unicode scalars, so the order does not depend on the machine.
public struct PictureFolder: PictureSource {
    public let path: String
    public let shape: PictureShape
    public let labels: [Int32]?
    public let classNames: [String]
    /// Paths below `path`.
    let files: [String]

    /// Lists the pictures of a folder and reads the size of the first.
    ///
    /// Throws: `DatasetError.unreadable`, `.noPictures`, `.looseFiles`, `.badPicture`.
    public init(path: String) throws {
        let entries = try Self.names(in: path)
        let loose = entries.filter(Self.isPicture)
        var files: [String] = []
        var labels: [Int32] = []
        var classNames: [String] = []
        for folder in entries where !Self.isPicture(folder) && Self.isFolder(path + "/" + folder) {
            let pictures = try Self.names(in: path + "/" + folder).filter(Self.isPicture)
            if pictures.isEmpty { continue }
            labels.append(contentsOf: repeatElement(Int32(classNames.count), count: pictures.count))
            classNames.append(folder)
            for picture in pictures { files.append(folder + "/" + picture) }
        }
        if let first = loose.first, let folder = classNames.first {
            throw DatasetError.looseFiles(path: path, file: first, folder: folder)
        }
        self.path = path
        self.files = classNames.isEmpty ? loose : files
        self.labels = classNames.isEmpty ? nil : labels
        self.classNames = classNames
        guard let first = self.files.first else { throw DatasetError.noPictures(path: path) }
        var shape = try PictureFile.shape(path: path + "/" + first)
        shape.channels = 3
        self.shape = shape
    }

    public var count: Int { files.count }

    public var residentBytes: Int { (labels?.count ?? 0) * MemoryLayout<Int32>.size }

    public var isDecoded: Bool { true }

    public func name(of index: Int) -> String { path + "/" + files[index] }

    public func read(_ index: Int, scratch: PictureScratch) throws {
        try PictureFile.read(path: name(of: index), scratch: scratch)
        if scratch.front.shape.channels == 1 {
            scratch.front.convert(from: 1, to: 3, into: &scratch.back)
            scratch.swap()
        }
    }

    /// Whether a name ends as pictures do; what is inside decides about the format.
    static func isPicture(_ name: String) -> Bool {
        guard !name.hasPrefix("."), let dot = name.lastIndex(of: ".") else { return false }
        return ["png", "jpg", "jpeg"].contains(name[name.index(after: dot)...].lowercased())
    }

    /// Whether a folder holds a picture or a folder of pictures.
    static func holdsPictures(_ path: String) -> Bool {
        guard let entries = try? names(in: path) else { return false }
        return entries.contains { entry in
            if isPicture(entry) { return true }
            guard isFolder(path + "/" + entry), let inner = try? names(in: path + "/" + entry) else { return false }
            return inner.contains(where: isPicture)
        }
    }

    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    private static func names(in path: String) throws -> [String] {
        guard isFolder(path) else { throw DatasetError.unreadable(path: path, reason: "no such folder") }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path).sorted {
                $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars)
            }
        } catch {
            throw DatasetError.unreadable(path: path, reason: error.localizedDescription)
        }
    }
}
