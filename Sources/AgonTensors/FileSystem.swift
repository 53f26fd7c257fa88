#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Listing and reading where a read error must not be mistaken for an absent file.
package enum FileSystem {
    /// The names in a folder, `.` and `..` left out, unordered; nil if there is no such folder.
    ///
    /// - Throws: ``TensorsError/cannotRead(path:code:)``.
    package static func names(in folder: String) throws(TensorsError) -> [String]? {
        guard let stream = opendir(folder) else {
            if errno == ENOENT || errno == ENAMETOOLONG { return nil }
            throw .cannotRead(path: folder, code: errno)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw .cannotRead(path: folder, code: errno) }
                return names
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: field.pointee)) {
                    String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
    }

    /// Creates a folder and its parents if they are missing.
    ///
    /// - Throws: ``TensorsError/cannotWrite(path:code:)``.
    package static func makeFolders(_ path: String) throws(TensorsError) {
        var above = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            above += part
            guard mkdir(above, 0o777) == 0 || errno == EEXIST else { throw .cannotWrite(path: path, code: errno) }
            above += "/"
        }
        var status = stat()
        guard stat(path, &status) == 0 else { throw .cannotWrite(path: path, code: errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw .cannotWrite(path: path, code: ENOTDIR) }
    }

    /// Whether a file or folder exists. One that cannot be accessed counts as existing, but no file has a name that is
    /// too long.
    package static func exists(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 || ![ENOENT, ENOTDIR, ENAMETOOLONG].contains(errno)
    }

    /// Whether a path is that of a folder.
    package static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The bytes of a file; nil if there is none, empty for a device or a pipe.
    ///
    /// - Throws: ``TensorsError/cannotRead(path:code:)``.
    package static func contents(of path: String) throws(TensorsError) -> [UInt8]? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT { return nil }
            throw .cannotRead(path: path, code: errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG else { return [] }
        do throws(TensorsError) {
            let file = try InputFile(path: path)
            return try file.read(UInt8.self, count: file.size, at: 0)
        } catch .cannotRead(_, ENOENT) {
            return nil
        }
    }
}

extension stat {
    /// The time of the last modification, in nanoseconds since 1970.
    package var modified: Int {
        #if canImport(Darwin)
            let time = st_mtimespec
        #else
            let time = st_mtim
        #endif
        return Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec)
    }
}
