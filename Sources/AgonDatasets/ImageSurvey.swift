import AgonConfiguration
import AgonTensors
import Foundation
import Synchronization

/// The supported image formats.
enum ImageFormat: UInt32, CaseIterable, Sendable {
    case png = 1
    case jpeg, webp, tiff, gif, bmp

    var name: String {
        switch self {
        case .png: "PNG"
        case .jpeg: "JPEG"
        case .webp: "WebP"
        case .tiff: "TIFF"
        case .gif: "GIF"
        case .bmp: "BMP"
        }
    }
}

/// Examines each image of a folder before training: whether it is complete, its size, and its contents.
///
/// Each file is read and hashed once, and its header is parsed. Unless the folder is very large, its pixels are
/// decoded. The results are stored (`FileRecords`), so later runs only query the size and times of each file.
struct ImageSurvey: Sendable {
    /// Larger folders are not decoded in advance: that would take minutes (about 50 MB/s per core).
    static let decodingLimit = 4 << 30

    /// One record for each file, in order.
    let records: [FileRecord]
    /// Whether all pixels were decoded, instead of only checking headers and file ends.
    let isDecoded: Bool

    /// - Parameter files: paths relative to `folder`.
    ///
    /// Throws: `DatasetError.unreadable` for a temporary cause, which says nothing about the file.
    init(of files: [String], in folder: String, cacheFolder: String?) throws {
        let store = FileRecords(of: folder, cacheFolder: cacheFolder)
        var found: [FileRecord?] = []
        found.reserveCapacity(files.count)
        var unknown: [Int] = []
        let stamps = files.map { FileStamp(path: folder + "/" + $0) }
        let decodes = stamps.reduce(0) { $0 + ($1?.size ?? 0) } <= Self.decodingLimit
        for (index, file) in files.enumerated() {
            let record = stamps[index].flatMap { store.record(file, stamp: $0) }.flatMap {
                // A folder that was too large to be decoded may have become smaller.
                $0.fault != nil || $0.image != nil && ($0.isDecoded || !decodes) ? $0 : nil
            }
            if record == nil { unknown.append(index) }
            found.append(record)
        }
        let work = SurveyWork(unknown)
        let workers = min(ProcessInfo.processInfo.activeProcessorCount, unknown.count / SurveyWork.stride + 1)
        runConcurrently(workers) { _ in
            let scratch = ImageScratch()
            while let indices = work.take() {
                work.give(
                    Result {
                        try indices.map { index in
                            let file = files[index]
                            let record = try Self.look(
                                at: file, in: folder, decodes: decodes, scratch: scratch, store: store)
                            return (index, record)
                        }
                    })
            }
        }
        for (index, record) in try work.records { found[index] = record }
        if !unknown.isEmpty { store.save(names: files) }
        records = found.map { record in
            guard let record else { preconditionFailure("an image was not examined") }
            return record
        }
        isDecoded = decodes
    }

    private static func look(
        at file: String, in folder: String, decodes: Bool, scratch: ImageScratch, store: FileRecords
    ) throws -> FileRecord {
        let path = folder + "/" + file
        let stamp = FileStamp(path: path)
        func broken(_ reason: String, _ contents: FileContents) -> FileRecord {
            FileRecord(
                stamp: stamp ?? FileStamp(size: 0, modified: 0, changed: 0), contents: contents, fault: reason)
        }
        var contents = FileContents(size: 0, sha256: "")
        do {
            try readFile(path, into: &scratch.file)
            var hash = SHA256()
            hash.update(scratch.file)
            contents = FileContents(size: scratch.file.count, sha256: hash.finishHex())
            let header: ImageHeader
            if decodes {
                header = try ImageFile.decode(path: path, reading: ImageReading(), scratch: scratch)
            } else {
                header = try ImageFile.header(of: scratch.file, path: path, mustBeWhole: true)
            }
            let record = FileRecord(
                stamp: stamp ?? broken("", contents).stamp, contents: contents, image: header, isDecoded: decodes)
            if let stamp, FileStamp(path: path) == stamp { store.keep(file, record) }
            return record
        } catch DatasetError.badImage(_, let reason) {
            let record = broken(reason, contents)
            if let stamp, FileStamp(path: path) == stamp { store.keep(file, record) }
            return record
        } catch let error as DatasetError where error.isPassing {
            throw error
        } catch DatasetError.unreadable(_, let reason) {
            // Not stored: the file may be readable later, for example if a disk was not mounted.
            return broken("cannot be read: " + reason, contents)
        } catch {
            return broken("\(error)", contents)
        }
    }
}

/// The images that remain to be examined, and the results so far.
private final class SurveyWork: Sendable {
    static let stride = 16

    private let indices: [Int]
    private let next = Atomic<Int>(0)
    private let found = Mutex<[Result<[(index: Int, record: FileRecord)], any Error>]>([])

    init(_ indices: [Int]) { self.indices = indices }

    /// The next few images; nil if there are no more.
    func take() -> ArraySlice<Int>? {
        let start = next.wrappingAdd(Self.stride, ordering: .relaxed).oldValue
        return start < indices.count ? indices[start..<min(start + Self.stride, indices.count)] : nil
    }

    func give(_ records: Result<[(index: Int, record: FileRecord)], any Error>) {
        found.withLock { $0.append(records) }
    }

    var records: [(index: Int, record: FileRecord)] {
        get throws { try found.withLock { try $0.flatMap { try $0.get() } } }
    }
}
