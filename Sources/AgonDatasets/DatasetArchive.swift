import AgonConfiguration
import CAgonImageCodecs
import Foundation

/// An archive used in place of the folder that it contains. It is unpacked once and stored under the hash of its
/// contents.
enum DatasetArchive {
    private static let endings = [
        ".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst",
    ]

    /// The folder for a path: the path itself with `~` expanded, or the folder into which the archive was unpacked.
    ///
    /// Throws: `DatasetError.unreadable`, `.badArchive`, `.cannotWrite`.
    static func folder(of path: String, cacheFolder: String?) throws -> String {
        let path = expanded(path)
        guard endings.contains(where: { path.lowercased().hasSuffix($0) }), let stamp = FileStamp(path: path),
            !stamp.isFolder
        else { return path }
        guard stamp.isFile else { throw DatasetError.unreadable(path: path, reason: "not a regular file") }
        let store = FileRecords(of: path, cacheFolder: cacheFolder)
        let hash = try contents(of: path, stamp: stamp, store: store)
        let place = (cacheFolder ?? NSTemporaryDirectory() + "agon-\(getuid())") + "/unpacked"
        let target = place + "/" + hash.prefix(32)
        if !ImageFolder.isFolder(target) { try unpack(path, to: target, size: stamp.size) }
        return try FolderSplits.unwrapped(target, always: true)
    }

    /// Expands `~` and `~/…` to the user's home folder, as shells do for arguments but not within configs.
    static func expanded(
        _ path: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> String {
        guard path == "~" || path.hasPrefix("~/") else { return path }
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
        return home + path.dropFirst()
    }

    private static func contents(of path: String, stamp: FileStamp, store: FileRecords) throws -> String {
        if let known = store.record("", stamp: stamp) { return known.contents.sha256 }
        let found = FileContents(size: stamp.size, sha256: try SHA256.hex(ofFile: path))
        store.keep("", FileRecord(stamp: stamp, contents: found))
        store.save()
        return found.sha256
    }

    /// Unpacks into a temporary neighbour and renames it, so that an incomplete folder is never taken for a complete
    /// one.
    private static func unpack(_ path: String, to target: String, size: Int) throws {
        let unfinished = target + ".\(getpid()).partial"
        try makeFolders(unfinished)
        let limit = agon_archive_limit(UInt64(size))
        if let reason = withMessage({ agon_archive_extract(path, unfinished, limit, $0) }) {
            try? FileManager.default.removeItem(atPath: unfinished)
            throw DatasetError.badArchive(path: path, reason: reason)
        }
        if rename(unfinished, target) != 0 {
            let reason = String(cString: strerror(errno))
            try? FileManager.default.removeItem(atPath: unfinished)
            // Another process may have finished first.
            if !ImageFolder.isFolder(target) { throw DatasetError.cannotWrite(path: target, reason: reason) }
        }
    }

    /// Throws: `DatasetError.cannotWrite` with the system's reason, which Foundation does not give.
    private static func makeFolders(_ path: String) throws {
        var above = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            above += part
            guard mkdir(above, 0o777) == 0 || errno == EEXIST else {
                throw DatasetError.cannotWrite(
                    path: above,
                    reason:
                        "cannot unpack an archive into the cache: \(String(cString: strerror(errno))); set AGON_CACHE "
                        + "to a folder that you may write to")
            }
            above += "/"
        }
    }
}
