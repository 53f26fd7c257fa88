import AgonConfiguration
import AgonTensors
import Foundation
import Synchronization

/// The result of examining a file, with the stamp that the file had at that time.
struct FileRecord: Hashable, Sendable {
    let stamp: FileStamp
    let contents: FileContents
    /// The image's header, for files that were examined and are images.
    var image: ImageHeader?
    /// Whether the image's pixels were decoded, and not only its header and its end looked at.
    var isDecoded = false
    /// Why the file is not a usable image.
    var fault: String?
}

/// The properties in an image's header.
struct ImageHeader: Hashable, Sendable {
    let format: ImageFormat
    let height: Int
    let width: Int
    let channels: Int
    /// Whether the file holds more images than the first, which is the one that is read.
    var hasMore = false
}

/// The results of examining the files of a folder, kept between runs in the cache folder: a file with unchanged path,
/// size and times is not read again. If the store is lost, damaged or not writable, this only costs time.
///
/// File: `agon files 4`, then for each file its size, times, size and hash of the contents, format, height, width,
/// channels, whether it holds more images (1) and was decoded (2), fault and name, separated by tabs and terminated by a zero byte
/// (which no name contains).
final class FileRecords: Sendable {
    /// Incremented when the decoders accept or reject other files.
    private static let head = "agon files 4"
    /// A file that changed a moment ago may change again without a visible change of its time stamp.
    private static let grain: Int64 = 2_000_000_000

    private let path: String?
    /// Keyed by the bytes of names: Strings that look alike compare equal, although they name different files.
    private let state: Mutex<(records: [[UInt8]: FileRecord], isChanged: Bool)>

    /// Opens the records of a folder.
    ///
    /// - Parameter cacheFolder: nil to store nothing.
    init(of folder: String, cacheFolder: String?) {
        let place = FileRecords.absolute(folder)
        path = cacheFolder.map { $0 + "/" + SHA256.hex(of: place).prefix(32) + ".files" }
        state = Mutex((path.map(FileRecords.load) ?? [:], false))
    }

    /// The record of a file in its current state; nil if unknown.
    func record(_ name: String, stamp: FileStamp) -> FileRecord? {
        state.withLock { state in
            guard let record = state.records[Array(name.utf8)], record.stamp == stamp else { return nil }
            return record
        }
    }

    /// Stores a record for a file whose stamp did not change while it was read.
    func keep(_ name: String, _ record: FileRecord) {
        let now = Int64(Date().timeIntervalSince1970 * 1e9)
        guard now - max(record.stamp.modified, record.stamp.changed) > Self.grain else { return }
        state.withLock { state in
            state.records[Array(name.utf8)] = record
            state.isChanged = true
        }
    }

    /// Removes records of files that are not in `names` and writes the rest.
    func save(names: [String]? = nil) {
        guard let path else { return }
        let bytes: [UInt8]? = state.withLock { state in
            if let names {
                let present = Set(names.map { Array($0.utf8) })
                state.records = state.records.filter { present.contains($0.key) }
            }
            guard state.isChanged else { return nil }
            state.isChanged = false
            var bytes = Array(Self.head.utf8) + [0]
            for (name, record) in state.records {
                let fields: [String] = [
                    "\(record.stamp.size)", "\(record.stamp.modified)", "\(record.stamp.changed)",
                    "\(record.contents.size)", record.contents.sha256, "\(record.image?.format.rawValue ?? 0)",
                    "\(record.image?.height ?? 0)", "\(record.image?.width ?? 0)", "\(record.image?.channels ?? 0)",
                    "\((record.image?.hasMore == true ? 1 : 0) + (record.isDecoded ? 2 : 0))",
                    record.fault.map { $0.replacingOccurrences(of: "\t", with: " ") } ?? "", "",
                ]
                bytes.append(contentsOf: fields.joined(separator: "\t").utf8)
                bytes.append(contentsOf: name)
                bytes.append(0)
            }
            return bytes
        }
        guard let bytes else { return }
        try? FileManager.default.createDirectory(
            atPath: FilePath.parent(of: path), withIntermediateDirectories: true)
        try? AtomicFile.write(path: path, bytes: bytes)
    }

    private static func load(_ path: String) -> [[UInt8]: FileRecord] {
        var bytes: [UInt8] = []
        guard (try? readFile(path, into: &bytes)) != nil else { return [:] }
        var records: [[UInt8]: FileRecord] = [:]
        for (index, line) in bytes.split(separator: 0, omittingEmptySubsequences: true).enumerated() {
            if index == 0 {
                guard line.elementsEqual(head.utf8) else { return [:] }
                continue
            }
            let fields = line.split(separator: UInt8(ascii: "\t"), maxSplits: 11, omittingEmptySubsequences: false)
            guard fields.count == 12 else { return [:] }
            let numbers = fields.indices.map {
                $0 == 4 || $0 > 9 ? 0 : Int(String(decoding: fields[$0], as: UTF8.self))
            }
            guard !numbers.contains(nil) else { return [:] }
            let values = numbers.map { $0 ?? 0 }
            let format = ImageFormat(rawValue: UInt32(truncatingIfNeeded: values[5]))
            let hasSize = values[6] > 0 && values[7] > 0 && values[8] > 0
            records[Array(fields[11])] = FileRecord(
                stamp: FileStamp(size: values[0], modified: Int64(values[1]), changed: Int64(values[2])),
                contents: FileContents(size: values[3], sha256: String(decoding: fields[4], as: UTF8.self)),
                image: format.flatMap { format in
                    hasSize
                        ? ImageHeader(
                            format: format, height: values[6], width: values[7], channels: values[8],
                            hasMore: values[9] & 1 != 0) : nil
                },
                isDecoded: values[9] & 2 != 0,
                fault: fields[10].isEmpty ? nil : String(decoding: fields[10], as: UTF8.self))
        }
        return records
    }

    private static func absolute(_ path: String) -> String {
        FileName.withBytes(of: path) { bytes in
            guard let resolved = realpath(bytes, nil) else { return path }
            defer { free(resolved) }
            return resolved.withMemoryRebound(to: UInt8.self, capacity: strlen(resolved)) {
                FileName.text(UnsafeBufferPointer(start: $0, count: strlen(resolved)))
            }
        }
    }
}

extension FileRecords {
    /// Size and hash of a file's contents, decompressed if it is gzip. The file is read only if they are unknown.
    ///
    /// Throws: `DatasetError.unreadable`.
    func contents(of name: String, in folder: String) throws -> FileContents {
        let path = folder + "/" + name
        guard let stamp = FileStamp(path: path) else {
            throw DatasetError.unreadable(path: path, reason: String(cString: strerror(errno)))
        }
        if let known = record(name, stamp: stamp) { return known.contents }
        let contents = try DatasetVerification.contents(of: path)
        if FileStamp(path: path) == stamp { keep(name, FileRecord(stamp: stamp, contents: contents)) }
        return contents
    }
}
