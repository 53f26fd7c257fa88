#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The images and folders in a folder, in no order, hidden ones left out. Links count as what they lead to.
///
/// Read entry by entry: the types come with the names, so a million files are not asked for one by one.
struct FolderEntries {
    /// Files whose names end as images' do; what is inside decides about the format.
    private(set) var images: [String] = []
    private(set) var folders: [String] = []

    /// Throws: `DatasetError.unreadable`.
    init(path: String) throws {
        guard let directory = opendir(path) else {
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
                return pointer.withMemoryRebound(to: CChar.self, capacity: capacity) { String(cString: $0) }
            }
            if name.hasPrefix(".") { continue }
            let type = Int32(entry.pointee.d_type)
            let isKnown = type != Int32(DT_UNKNOWN) && type != Int32(DT_LNK)
            let isFolder = isKnown ? type == Int32(DT_DIR) : Self.identity(path + "/" + name).map(\.isFolder) ?? false
            if isFolder {
                folders.append(name)
            } else if Self.isImage(name) {
                images.append(name)
            }
        }
    }

    /// Hands over a folder and all folders below, each with its path below the first ("" or "/a/b"), until `body`
    /// returns false. A link that leads back to a folder above it is not followed.
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
        guard stat(path, &status) == 0 else { return nil }
        return Identity(
            device: UInt64(truncatingIfNeeded: status.st_dev), node: UInt64(truncatingIfNeeded: status.st_ino),
            isFolder: status.st_mode & S_IFMT == S_IFDIR)
    }

    private static func isImage(_ name: String) -> Bool {
        guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return false }
        return ["png", "jpg", "jpeg"].contains(name[name.index(after: dot)...].lowercased())
    }
}

/// Names by their Unicode scalars, which is the order of their UTF-8 bytes.
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
