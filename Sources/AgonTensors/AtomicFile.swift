#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Files that appear whole or not at all, even after a full disk, a kill or a power cut.
///
/// The bytes go to `.NAME.PID-N.partial` in the same folder, are synchronised to the disk, and take the name by
/// `rename`; then the folder is synchronised. On failure the partial file is removed and the old file stays.
public enum AtomicFile {
    /// Receives the content: bytes in order.
    public final class Output {
        let descriptor: Int32
        private let path: String

        init(descriptor: Int32, path: String) {
            self.descriptor = descriptor
            self.path = path
        }

        /// Appends bytes.
        ///
        /// - Throws: ``TensorsError/cannotWrite(path:code:)`` with the final path of the file.
        public func write(_ bytes: UnsafeRawBufferPointer) throws(TensorsError) {
            var rest = bytes[...]
            while !rest.isEmpty {
                // Some systems refuse writes of 2 GiB or more.
                let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
                #if canImport(Glibc)
                    let count = Glibc.write(descriptor, piece.baseAddress, piece.count)
                #else
                    let count = Darwin.write(descriptor, piece.baseAddress, piece.count)
                #endif
                if count < 0 {
                    if errno == EINTR { continue }
                    throw .cannotWrite(path: path, code: errno)
                }
                rest = rest.dropFirst(count)
            }
        }

        public func write(_ bytes: [UInt8]) throws(TensorsError) {
            try write(elements: bytes)
        }

        public func write(_ text: String) throws(TensorsError) {
            try write(Array(text.utf8))
        }

        /// Appends the memory of plain values, such as `[Float]`, in the machine's byte order.
        public func write<Element: BitwiseCopyable>(elements: [Element]) throws(TensorsError) {
            // The closure cannot throw a typed error through the standard library's untyped `rethrows`.
            let failure: TensorsError? = elements.withUnsafeBytes { bytes in
                do throws(TensorsError) {
                    try write(bytes)
                    return nil
                } catch {
                    return error
                }
            }
            if let failure { throw failure }
        }
    }

    /// Writes a file through `body`, which passes its bytes in order.
    ///
    /// - Throws: ``TensorsError/cannotWrite(path:code:)``, or what `body` throws.
    public static func write(path: String, _ body: (Output) throws -> Void) throws {
        let (folder, name) = split(path)
        let failure = { (code: Int32) in TensorsError.cannotWrite(path: path, code: code) }
        let (descriptor, partial) = try create(in: folder, name: name, failure)
        let unfinished = UnfinishedFile.begin(partial)
        defer { unfinished?.end() }
        var isOpen = true
        do {
            try body(Output(descriptor: descriptor, path: path))
            // Some file systems cannot synchronise files.
            guard fsync(descriptor) == 0 || [EINVAL, EROFS, ENOTSUP, ENOSYS].contains(errno) else {
                throw failure(errno)
            }
            isOpen = false
            // Network file systems report a full disk only here.
            guard close(descriptor) == 0 else { throw failure(errno) }
            guard rename(partial, path) == 0 else { throw failure(errno) }
        } catch {
            if isOpen { close(descriptor) }
            unlink(partial)
            throw error
        }
        try synchronise(folder, failure)
    }

    /// Writes a file of the given bytes.
    public static func write(path: String, bytes: [UInt8]) throws {
        try write(path: path) { try $0.write(bytes) }
    }

    /// Writes a text file in UTF-8.
    public static func write(path: String, text: String) throws {
        try write(path: path) { try $0.write(text) }
    }

    /// Checks before long work that the folder of a file to be written exists.
    ///
    /// - Throws: ``TensorsError/cannotWrite(path:code:)``.
    public static func checkFolder(of path: String) throws(TensorsError) {
        let folder = split(path).folder
        guard FileSystem.isFolder(folder) else {
            throw .cannotWrite(path: path, code: FileSystem.exists(folder) ? ENOTDIR : ENOENT)
        }
    }

    /// Removes the partial files of a killed program from a folder. Only for folders with a single writer: it
    /// would delete another writer's file.
    public static func removeLeftovers(in folder: String) {
        let names = ((try? FileSystem.names(in: folder)) ?? nil) ?? []
        for name in names where name.hasPrefix(".") && name.hasSuffix(".partial") { unlink(folder + "/" + name) }
    }

    // MARK: - Parts

    private static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
        let folder = String(path[..<slash])
        return (folder.isEmpty ? "/" : folder, String(path[path.utf8.index(after: slash)...]))
    }

    private static func create(
        in folder: String, name: String, _ failure: (Int32) -> TensorsError
    ) throws(TensorsError) -> (descriptor: Int32, partial: String) {
        guard !name.isEmpty else { throw failure(EISDIR) }
        // A long name leaves no room for the partial file's affixes (255 bytes on most file systems).
        let stem = String(decoding: name.utf8.prefix(200), as: UTF8.self)
        for attempt in 0..<10_000 {
            let partial = "\(folder)/.\(stem).\(getpid())-\(attempt).partial"
            let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            if descriptor >= 0 { return (descriptor, partial) }
            guard errno == EEXIST || errno == EINTR else { throw failure(errno) }
        }
        throw failure(EEXIST)
    }

    private static func synchronise(_ folder: String, _ failure: (Int32) -> TensorsError) throws(TensorsError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }  // a writable but unreadable folder
        defer { close(descriptor) }
        // Some file systems cannot synchronise a folder; the file itself is safe by then.
        guard fsync(descriptor) == 0 || (errno != EIO && errno != ENOSPC) else { throw failure(errno) }
    }
}
