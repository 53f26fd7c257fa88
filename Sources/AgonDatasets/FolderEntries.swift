#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The images and subfolders of a folder, in no particular order, and what was left out. Links count as their targets.
///
/// The directory listing includes the types, so a million files need no separate queries.
struct FolderEntries {
    /// Files with the suffix of an image; the actual format is determined from the contents.
    private(set) var images: [String] = []
    private(set) var folders: [String] = []
    /// The number of entries that were left out, by kind: `hidden`, `thumbnail folders`, `.txt`.
    private(set) var leftOut: [String: Int] = [:]

    /// Throws: `DatasetError.unreadable`.
    init(path: String) throws {
        try Self.forEach(in: path) { name, type in
            if name.hasPrefix(".") {
                leftOut["hidden", default: 0] += 1
                return
            }
            var (isFolder, isOther) = (false, false)
            switch type {
            case Int32(DT_DIR): isFolder = true
            case Int32(DT_REG): break
            case Int32(DT_UNKNOWN), Int32(DT_LNK):
                if let stamp = FileStamp(path: path + "/" + name) {
                    isFolder = stamp.isFolder
                    isOther = !stamp.isFolder && !stamp.isFile
                }
            default: isOther = true
            }
            if isFolder, Self.systemFolders.contains(name.lowercased()) {
                leftOut["system folder", default: 0] += 1
            } else if isFolder {
                folders.append(name)
            } else if isOther {
                leftOut["pipe or device", default: 0] += 1
            } else {
                let ending = Self.ending(of: name)
                if Self.imageEndings.contains(ending) {
                    images.append(name)
                } else {
                    leftOut[ending.isEmpty ? "without an ending" : "." + ending, default: 0] += 1
                }
            }
        }
    }

    /// Calls `body` with the name and the type (`DT_REG` and so on) of each entry of a folder, in no particular order.
    ///
    /// Throws: `DatasetError.unreadable`.
    static func forEach(in path: String, _ body: (_ name: String, _ type: Int32) throws -> Void) throws {
        guard let directory = FileName.withBytes(of: path, { opendir($0) }) else {
            let reason = errno == ENOENT || errno == ENOTDIR ? "no such folder" : String(cString: strerror(errno))
            throw DatasetError.unreadable(path: path, reason: reason)
        }
        defer { closedir(directory) }
        while true {
            errno = 0
            guard let entry = readdir(directory) else {
                guard errno == 0 else {
                    throw DatasetError.unreadable(path: path, reason: String(cString: strerror(errno)))
                }
                return
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                let capacity = MemoryLayout.size(ofValue: pointer.pointee)
                return pointer.withMemoryRebound(to: UInt8.self, capacity: capacity) { bytes in
                    FileName.text(
                        UnsafeBufferPointer(
                            rebasing: UnsafeBufferPointer(start: bytes, count: capacity).prefix { $0 != 0 }))
                }
            }
            if name != ".", name != ".." { try body(name, Int32(entry.pointee.d_type)) }
        }
    }

    /// Folders that systems and archivers create beside images: previews, resource forks, trash.
    private static let systemFolders: Set = [
        "@eadir", "#recycle", "$recycle.bin", "__macosx", "lost+found", "system volume information", "thumbnails",
        "_thumbs", "__pycache__",
    ]

    private static let imageEndings: Set = [
        "png", "jpg", "jpeg", "jpe", "jfif", "webp", "tif", "tiff", "gif", "bmp", "dib",
    ]

    /// The suffix in lower case, without the dot.
    private static func ending(of name: String) -> String {
        guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return "" }
        return name[name.index(after: dot)...].lowercased()
    }

    /// Calls `body` for a folder and all its subfolders, each with its path relative to the first ("" or "/a/b"), until
    /// `body` returns false. A link back to a folder above it is not followed.
    static func visit(_ path: String, _ body: (String, FolderEntries) throws -> Bool) throws {
        var isDone = false
        func walk(_ place: String, above: [Identity]) throws {
            guard let identity = identity(path + place), !above.contains(identity) else { return }
            let entries = try FolderEntries(path: path + place)
            isDone = try !body(place, entries)
            for folder in entries.folders where !isDone { try walk(place + "/" + folder, above: above + [identity]) }
        }
        try walk("", above: [])
    }

    private struct Identity: Equatable {
        let device: UInt64
        let node: UInt64
        let isFolder: Bool
    }

    private static func identity(_ path: String) -> Identity? {
        var status = stat()
        guard FileName.withBytes(of: path, { stat($0, &status) }) == 0 else { return nil }
        return Identity(
            device: UInt64(truncatingIfNeeded: status.st_dev), node: UInt64(truncatingIfNeeded: status.st_ino),
            isFolder: status.st_mode & S_IFMT == S_IFDIR)
    }
}

/// Names sorted by their Unicode scalars, which is the order of their UTF-8 bytes.
func sorted(_ names: [String]) -> [String] {
    names.sorted { first, second in
        first.utf8.withContiguousStorageIfAvailable { first in
            second.utf8.withContiguousStorageIfAvailable { second in
                guard let a = first.baseAddress, let b = second.baseAddress else { return first.count < second.count }
                let order = memcmp(a, b, min(first.count, second.count))
                return order < 0 || order == 0 && first.count < second.count
            }
        }.flatMap { $0 } ?? first.utf8.lexicographicallyPrecedes(second.utf8)
    }
}
