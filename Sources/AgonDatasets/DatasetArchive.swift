import AgonConfiguration
import AgonTensors
import Foundation
import Synchronization

/// An archive used in place of the folder that it contains. It is unpacked once and stored under the hash of its
/// contents, beside a record of its members: if a member is missing or has another size, it is unpacked again.
package enum DatasetArchive {
    private static let endings = [
        ".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst",
    ]

    /// Whether a path names an archive, by its ending.
    package static func isArchive(_ path: String) -> Bool { endings.contains { path.lowercased().hasSuffix($0) } }

    /// The folder for a path: the path itself with `~` expanded, or the folder into which the archive was unpacked.
    ///
    /// Throws: `DatasetError.unreadable`, `.badArchive`, `.cannotWrite`.
    package static func folder(of path: String, cacheFolder: String?) throws -> String {
        let path = expanded(path)
        guard let stamp = FileStamp(path: path), !stamp.isFolder else { return path }
        guard stamp.isFile else { throw DatasetError.unreadable(path: path, reason: "not a regular file") }
        guard isArchive(path) else {
            throw DatasetError.unreadable(
                path: path, reason: "it is a file; expected a folder or an archive (.zip, .tar, .tar.gz, .tar.xz, …)")
        }
        let store = FileRecords(of: path, cacheFolder: cacheFolder)
        let hash = try contents(of: path, stamp: stamp, store: store)
        let place = (cacheFolder ?? NSTemporaryDirectory() + "agon-\(getuid())") + "/unpacked"
        let target = place + "/" + hash.prefix(32)
        unpacked.withLock { $0[target] = path }
        if !isWhole(target) { try unpack(path, to: target) }
        return try FolderSplits.unwrapped(target, always: true)
    }

    /// The archives that this process opened, by the folders into which they were unpacked.
    private static let unpacked = Mutex<[String: String]>([:])

    /// A text in which the folders of unpacked archives are replaced with the paths of the archives. A user who is
    /// pointed to a file in the cache would repair it there, and the archive would stay unchanged.
    static func named(_ text: String) -> String {
        unpacked.withLock { unpacked in
            unpacked.reduce(text) { text, archive in
                text.contains(archive.key) ? text.replacingOccurrences(of: archive.key, with: archive.value) : text
            }
        }
    }

    /// Expands `~` and `~/…` to the user's home folder, as shells do for arguments but not within configs.
    package static func expanded(
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
    private static func unpack(_ path: String, to target: String) throws {
        // A killed process may have left a folder, and in a container all processes may have the same number.
        let unfinished = target + ".\(getpid())-\(UUID().uuidString.prefix(8)).partial"
        do {
            try FileSystem.makeFolders(unfinished)
            try extractArchive(path, into: unfinished)
            let record = Data(try members(of: unfinished).utf8)
            do {
                try record.write(to: URL(fileURLWithPath: target + recordEnding), options: .atomic)
            } catch {
                throw DatasetError.cannotWrite(path: target + recordEnding, reason: SystemFault.text(of: error))
            }
        } catch {
            try? FileManager.default.removeItem(atPath: unfinished)
            switch error {
            case DatasetError.cannotWrite(_, let reason): throw cannotUnpack(to: target, reason)
            case TensorsError.cannotWrite(_, let code): throw cannotUnpack(to: target, SystemFault.text(of: code))
            default: throw error
            }
        }
        // Another process may have finished first, and read its folder already.
        guard !isWhole(target) else {
            try? FileManager.default.removeItem(atPath: unfinished)
            return
        }
        // A folder that lost members is replaced.
        let former = unfinished + ".former"
        let isReplaced = rename(target, former) == 0
        defer { if isReplaced { try? FileManager.default.removeItem(atPath: former) } }
        guard rename(unfinished, target) != 0 else { return }
        let reason = SystemFault.text(of: errno)
        try? FileManager.default.removeItem(atPath: unfinished)
        if !isWhole(target) { throw cannotUnpack(to: target, reason) }
    }

    private static let recordEnding = ".members"

    /// Whether a folder holds what was unpacked into it, as far as names and sizes tell.
    private static func isWhole(_ folder: String) -> Bool {
        guard let record = try? String(contentsOfFile: folder + recordEnding, encoding: .utf8) else { return false }
        return record == (try? members(of: folder))
    }

    /// The hash of the names and sizes of all files in a folder and its subfolders.
    private static func members(of folder: String) throws -> String {
        var lines: [String] = []
        func walk(_ place: String) throws {
            try FolderEntries.forEach(in: folder + place) { name, type in
                let path = place + "/" + name
                let stamp = FileStamp(path: folder + path)
                if let stamp, stamp.isFolder, type != Int32(DT_LNK) { return try walk(path) }
                lines.append("\(stamp?.size ?? -1) \(path)\n")
            }
        }
        try walk("")
        return SHA256.hex(of: sorted(lines).joined())
    }

    private static func cannotUnpack(to path: String, _ reason: String) -> DatasetError {
        // Messages show the path of an unpacked archive as that of the archive.
        .cannotWrite(
            path: FilePath.parent(of: path),
            reason:
                "cannot unpack an archive into the cache: \(reason); set AGON_CACHE to a folder with free space that "
                + "you may write to")
    }
}
