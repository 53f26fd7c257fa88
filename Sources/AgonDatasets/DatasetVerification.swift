import AgonConfiguration
import AgonTensors
import Foundation

/// Compares files on disk with the checksums that a manifest or a fetch recorded.
public enum DatasetVerification {
    /// The result for one file.
    public struct Report: Equatable, Sendable {
        public enum Verdict: Equatable, Sendable {
            case sound
            case missing
            case wrongSize(expected: Int, found: Int)
            case wrongContents(expected: String, found: String)
            case unreadable(String)
            /// No size or checksum is recorded for the file.
            case unrecorded
        }

        public let path: String
        public let verdict: Verdict

        public var isSound: Bool { verdict == .sound }
    }

    /// The record that a fetch writes to a folder of extracted files, in the format of `sha256sum`.
    static let record = "SHA256SUMS"

    /// A report for each file of a dataset in its folder; all files are read and hashed again.
    public static func verify(_ location: DatasetCatalogue.Location) -> [Report] {
        let folder = location.folder
        if location.form.files.contains(where: { $0.packing == .archive }) { return verifyRecord(in: folder) }
        return location.form.files.map { file in
            guard let path = path(of: file, in: folder) else {
                return Report(path: folder + "/" + file.name, verdict: .missing)
            }
            return Report(path: path, verdict: verdict(of: path, as: file))
        }
    }

    /// The path of the file as fetched, or of its decompressed contents.
    static func path(of file: DatasetManifest.File, in folder: String) -> String? {
        DatasetFiles.path(of: file.plainName, in: folder) ?? DatasetFiles.path(of: file.name, in: folder)
    }

    /// Compares a file with the manifest.
    static func verdict(of path: String, as file: DatasetManifest.File) -> Report.Verdict {
        do {
            let found = file.packing == .gzip ? try contents(of: path) : try hashOfFile(path)
            if found.size != file.size { return .wrongSize(expected: file.size, found: found.size) }
            return found.sha256 == file.sha256 ? .sound : .wrongContents(expected: file.sha256, found: found.sha256)
        } catch DatasetError.unreadable(_, let reason) {
            return .unreadable(reason)
        } catch {
            return .unreadable("\(error)")
        }
    }

    private static func hashOfFile(_ path: String) throws -> FileContents {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return FileContents(
            size: (attributes[.size] as? NSNumber)?.intValue ?? -1, sha256: try SHA256.hex(ofFile: path))
    }

    /// Size and hash of a file's contents, decompressed if it is gzip.
    ///
    /// Throws: `DatasetError.unreadable`.
    static func contents(of path: String) throws -> FileContents {
        let stream = try ByteStream(path: path)
        var hash = SHA256()
        var size = 0
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = try piece.withUnsafeMutableBytes { try stream.read(into: $0) }
            piece.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            size += count
            if count < piece.count { return FileContents(size: size, sha256: hash.finishHex()) }
        }
    }

    /// The hashes that a fetch recorded, by file path relative to the folder; nil if there is no record.
    static func recorded(in folder: String) -> [String: String]? {
        guard let text = try? String(contentsOfFile: folder + "/" + record, encoding: .utf8) else { return nil }
        var hashes: [String: String] = [:]
        for line in text.split(separator: "\n") where line.count > 66 {
            hashes[String(line.dropFirst(66))] = String(line.prefix(64))
        }
        return hashes
    }

    private static func verifyRecord(in folder: String) -> [Report] {
        let path = folder + "/" + record
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            return [Report(path: path, verdict: .unrecorded)]
        }
        return text.split(separator: "\n").map { line in
            // 64 digits, two spaces, the path.
            let expected = String(line.prefix(64))
            let file = folder + "/" + line.dropFirst(66)
            guard FileManager.default.fileExists(atPath: file) else { return Report(path: file, verdict: .missing) }
            guard let found = try? SHA256.hex(ofFile: file) else {
                return Report(path: file, verdict: .unreadable("cannot be read"))
            }
            return Report(
                path: file, verdict: found == expected ? .sound : .wrongContents(expected: expected, found: found))
        }
    }

    /// Writes the record of all files in a folder and its subfolders.
    static func writeRecord(in folder: String) throws {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
        var lines = ""
        for path in paths where !ImageFolder.isFolder(folder + "/" + path) && path != record {
            lines += try SHA256.hex(ofFile: folder + "/" + path) + "  " + path + "\n"
        }
        do {
            try Data(lines.utf8).write(to: URL(fileURLWithPath: folder + "/" + record), options: .atomic)
        } catch {
            throw DatasetError.cannotWrite(path: folder + "/" + record, reason: SystemFault.text(of: error))
        }
    }
}
