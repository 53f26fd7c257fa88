import AgonConfiguration
import CAgonImageCodecs
import Dispatch
import Foundation
import Synchronization

/// The formats that are read.
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

/// A look at each image of a folder before any is trained on: is it whole, how large is it, what does it hold?
///
/// Each file is read once, hashed, its header parsed and, unless the folder is very large, its pixels decoded; what was
/// found is kept (`FileRecords`), so that a later look costs a question for size and time of each file.
struct ImageSurvey: Sendable {
    /// Folders of more bytes than this are not decoded beforehand: that would take minutes (about 50 MB/s and core).
    static let decodingLimit = 4 << 30

    /// One for each file, in order.
    let records: [FileRecord]
    /// Whether all pixels were decoded, and not only headers and ends looked at.
    let isDecoded: Bool

    /// - Parameter files: paths below `folder`.
    init(of files: [String], in folder: String, cacheFolder: String?) {
        let store = FileRecords(of: folder, cacheFolder: cacheFolder)
        var found: [FileRecord?] = []
        found.reserveCapacity(files.count)
        var unknown: [Int] = []
        var bytes = 0
        for (index, file) in files.enumerated() {
            let stamp = FileStamp(path: folder + "/" + file)
            let record = stamp.flatMap { store.record(file, stamp: $0) }.flatMap {
                $0.image != nil || $0.fault != nil ? $0 : nil
            }
            bytes += stamp?.size ?? 0
            if record == nil { unknown.append(index) }
            found.append(record)
        }
        let decodes = bytes <= Self.decodingLimit
        let looked = Mutex<[(index: Int, record: FileRecord)]>([])
        let next = Atomic<Int>(0)
        let (indices, stride) = (unknown, 16)
        let workers = min(ProcessInfo.processInfo.activeProcessorCount, (unknown.count + stride - 1) / stride)
        DispatchQueue.concurrentPerform(iterations: workers) { _ in
            let scratch = ImageScratch()
            while true {
                let start = next.wrappingAdd(stride, ordering: .relaxed).oldValue
                guard start < indices.count else { return }
                let records = indices[start..<min(start + stride, indices.count)].map { index in
                    (index, Self.look(at: files[index], in: folder, decodes: decodes, scratch: scratch, store: store))
                }
                looked.withLock { $0.append(contentsOf: records) }
            }
        }
        for (index, record) in looked.withLock({ $0 }) { found[index] = record }
        if !unknown.isEmpty { store.save(names: files) }
        records = found.map { record in
            guard let record else { preconditionFailure("an image that was not looked at") }
            return record
        }
        isDecoded = decodes
    }

    private static func look(
        at file: String, in folder: String, decodes: Bool, scratch: ImageScratch, store: FileRecords
    ) -> FileRecord {
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
            let record = FileRecord(stamp: stamp ?? broken("", contents).stamp, contents: contents, image: header)
            if let stamp, FileStamp(path: path) == stamp { store.keep(file, record) }
            return record
        } catch DatasetError.badImage(_, let reason) {
            let record = broken(reason, contents)
            if let stamp, FileStamp(path: path) == stamp { store.keep(file, record) }
            return record
        } catch DatasetError.unreadable(_, let reason) {
            // Not kept: it may be had again, such as from a disk that was away.
            return broken("cannot be read: " + reason, contents)
        } catch {
            return broken("\(error)", contents)
        }
    }
}
