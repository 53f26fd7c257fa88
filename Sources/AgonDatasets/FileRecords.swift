import AgonConfiguration
import AgonTensors
import CAgonImageCodecs
import Foundation
import Synchronization

/// What was found about one file, and the stamp that it had then.
struct FileRecord: Hashable, Sendable {
    let stamp: FileStamp
    let contents: FileContents
    /// The image's header, for files that were looked at as images and are.
    var image: ImageHeader?
    /// Why the file is no usable image.
    var fault: String?
}

/// What an image's header says.
struct ImageHeader: Hashable, Sendable {
    let format: ImageFormat
    let height: Int
    let width: Int
    let channels: Int
}

/// What was found about the files of a folder, kept from run to run in the cache folder: nothing is read twice that has the
/// same path, size and times. A store that is lost, damaged or cannot be written costs time, nothing else.
///
/// File: `agon files 1`, then for each file size, times, size and hash of the contents, format, height, width, channels,
/// fault and name, parted by tabs and ended by a zero byte (no name holds one).
final class FileRecords: Sendable {
    /// Bumped when the decoders take or refuse other files.
    private static let head = "agon files 1"
    /// A file that changed a moment ago may change again within the clock's grain.
    private static let grain: Int64 = 2_000_000_000

    private let path: String?
    /// By the bytes of names: Strings that look alike are equal, and their files are not the same.
    private let state: Mutex<(records: [[UInt8]: FileRecord], isChanged: Bool)>

    /// The records of a folder.
    ///
    /// - Parameter cacheFolder: nil to keep nothing.
    init(of folder: String, cacheFolder: String?) {
        let place = FileRecords.absolute(folder)
        path = cacheFolder.map { $0 + "/" + FileRecords.name(of: place) }
        state = Mutex((path.map(FileRecords.load) ?? [:], false))
    }

    /// What is known of a file as it is now.
    func record(_ name: String, stamp: FileStamp) -> FileRecord? {
        state.withLock { state in
            guard let record = state.records[Array(name.utf8)], record.stamp == stamp else { return nil }
            return record
        }
    }

    /// Keeps what was found about a file whose stamp is still the same after it was read.
    func keep(_ name: String, _ record: FileRecord) {
        let now = Int64(Date().timeIntervalSince1970 * 1e9)
        guard now - max(record.stamp.modified, record.stamp.changed) > Self.grain else { return }
        state.withLock { state in
            state.records[Array(name.utf8)] = record
            state.isChanged = true
        }
    }

    /// Drops what is not among `names` and writes the rest.
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
        _ = withMessage { message in
            bytes.withUnsafeBytes { agon_file_write(path, $0.baseAddress, $0.count, message) }
        }
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
            let fields = line.split(separator: UInt8(ascii: "\t"), maxSplits: 10, omittingEmptySubsequences: false)
            guard fields.count == 11 else { return [:] }
            let numbers = fields.indices.map { $0 == 4 || $0 > 8 ? 0 : number(fields[$0]) }
            guard !numbers.contains(nil) else { return [:] }
            let values = numbers.map { $0 ?? 0 }
            let format = ImageFormat(rawValue: UInt32(truncatingIfNeeded: values[5]))
            let hasSize = values[6] > 0 && values[7] > 0 && values[8] > 0
            records[Array(fields[10])] = FileRecord(
                stamp: FileStamp(size: values[0], modified: Int64(values[1]), changed: Int64(values[2])),
                contents: FileContents(size: values[3], sha256: String(decoding: fields[4], as: UTF8.self)),
                image: format.flatMap { format in
                    hasSize
                        ? ImageHeader(format: format, height: values[6], width: values[7], channels: values[8]) : nil
                },
                fault: fields[9].isEmpty ? nil : String(decoding: fields[9], as: UTF8.self))
        }
        return records
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        var isNegative = false
        if digits.isEmpty { return nil }
        for (index, digit) in digits.enumerated() {
            if index == 0, digit == UInt8(ascii: "-") {
                isNegative = true
                continue
            }
            guard digit >= 48, digit <= 57 else { return nil }
            let (tens, first) = value.multipliedReportingOverflow(by: 10)
            let (sum, second) = tens.addingReportingOverflow(Int(digit) - 48)
            guard !first, !second else { return nil }
            value = sum
        }
        return isNegative ? -value : value
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

    private static func name(of folder: String) -> String {
        var hash = SHA256()
        hash.update(Array(folder.utf8))
        return hash.finishHex().prefix(32) + ".files"
    }
}

extension FileRecords {
    /// Size and hash of what a file of the folder holds, inflated where it is gzip; read only when it is not known.
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
