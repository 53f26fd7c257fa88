import AgonText
import Foundation

/// The image files of a folder, read as RGB on demand. Subfolders with images, at any depth, are the classes.
///
/// Classes and files are sorted by the bytes of their names, so the order does not depend on the machine. Hidden files
/// (with a leading dot) and the folders that systems create for previews and trash are left out.
public struct ImageFolder: ImageSource {
    public let path: String
    public let shape: ImageShape
    public let labels: [Int32]?
    public let classNames: [String]
    public let residentBytes: Int
    public let fingerprint: DatasetFingerprint?
    public let notes: [String]
    /// Paths relative to `path`.
    let files: [String]
    private let reading: ImageReading
    /// The height and width of each image.
    private let sizes: [(height: Int32, width: Int32)]

    /// Lists the images of a folder and examines each of them.
    ///
    /// - Parameter cacheFolder: where to store the results for the next run.
    ///
    /// Throws: `DatasetError.unreadable`, `.noImages`, `.looseFiles`, `.brokenImages`.
    public init(path: String, reading: ImageReading = ImageReading(), cacheFolder: String? = nil) throws {
        try self.init(path: path, reading: reading, cacheFolder: cacheFolder, record: nil)
    }

    /// - Parameter record: the known SHA-256 of each file, by its path relative to the folder.
    /// - Parameter notes: remarks that precede those about the images.
    init(
        path: String, reading: ImageReading, cacheFolder: String?, record: [String: String]?, notes: [String] = []
    ) throws {
        let list = try FileList(path: path)
        let survey = try ImageSurvey(of: list.files, in: path, cacheFolder: cacheFolder)
        if let record {
            for (file, found) in zip(list.files, survey.records) {
                guard let expected = record[file] else { continue }
                guard expected == found.contents.sha256 else {
                    throw DatasetError.otherContents(path: path + "/" + file, name: nil)
                }
            }
        }
        let broken = zip(list.files, survey.records).compactMap { file, record in
            record.fault.map { DatasetError.BrokenImage(file: file, reason: $0) }
        }
        if !broken.isEmpty, reading.broken == .refuse || broken.count == list.files.count {
            throw DatasetError.brokenImages(
                path: path, broken, count: list.files.count,
                canSkip: reading.broken == .refuse && broken.count < list.files.count)
        }
        let kept = list.files.indices.filter { survey.records[$0].fault == nil }
        let files = kept.map { list.files[$0] }
        let headers = kept.compactMap { survey.records[$0].image }
        guard let first = headers.first else { throw DatasetError.noImages(path: path, leftOut: list.leftOut) }
        self.path = path
        self.reading = reading
        self.files = files
        labels = list.labels.map { labels in kept.map { labels[$0] } }
        classNames = list.classNames
        sizes = headers.map { (Int32($0.height), Int32($0.width)) }
        shape = ImageShape(height: first.height, width: first.width, channels: 3)
        var fingerprint = DatasetFingerprint.of(kept.map { (list.files[$0], survey.records[$0].contents) })
        fingerprint.isPublished = record.map { record in files.allSatisfy { record[$0] != nil } } ?? false
        self.fingerprint = fingerprint
        self.notes =
            notes + [
                FolderSummary(
                    path: path, headers: headers, broken: broken, leftOut: list.leftOut, classNames: classNames,
                    isDecoded: survey.isDecoded
                ).line
            ]
        // Swift stores a name of more than 15 bytes in a separate allocation with a 32-byte header.
        residentBytes =
            files.reduce(0) { sum, name in
                sum + MemoryLayout<String>.size + (name.utf8.count > 15 ? 32 + name.utf8.count : 0)
            } + (labels?.count ?? 0) * MemoryLayout<Int32>.size + sizes.count * MemoryLayout<(Int32, Int32)>.size
    }

    public var count: Int { files.count }

    public var isDecoded: Bool { true }

    public func name(of index: Int) -> String { path + "/" + files[index] }

    public func shape(of index: Int) -> ImageShape {
        ImageShape(height: Int(sizes[index].height), width: Int(sizes[index].width), channels: 3)
    }

    public func read(_ index: Int, scratch: ImageScratch) throws {
        try ImageFile.read(path: name(of: index), reading: reading, scratch: scratch)
        if scratch.front.shape.channels == 1 {
            scratch.front.convert(from: 1, to: 3, into: &scratch.back)
            scratch.swap()
        }
    }

    /// Whether a folder contains an image, directly or in subfolders.
    static func holdsImages(_ path: String) -> Bool {
        var isFound = false
        try? FolderEntries.visit(path) { _, entries in
            isFound = !entries.images.isEmpty
            return !isFound
        }
        return isFound
    }

    static func isFolder(_ path: String) -> Bool { FileStamp(path: path)?.isFolder ?? false }
}

/// The files of a folder of images in order, with their classes.
private struct FileList {
    /// Paths relative to the folder.
    let files: [String]
    let labels: [Int32]?
    let classNames: [String]
    private(set) var leftOut: [String: Int]

    init(path: String) throws {
        let top = try FolderEntries(path: path)
        leftOut = top.leftOut
        var files: [String] = []
        var labels: [Int32] = []
        var classNames: [String] = []
        for folder in sorted(top.folders) {
            var images: [String] = []
            var passedOver: [String: Int] = [:]
            try FolderEntries.visit(path + "/" + folder) { place, entries in
                let prefix = folder + place + "/"
                for image in entries.images { images.append(prefix + image) }
                passedOver.merge(entries.leftOut, uniquingKeysWith: +)
                return true
            }
            leftOut.merge(passedOver, uniquingKeysWith: +)
            if images.isEmpty { continue }
            labels.append(contentsOf: repeatElement(Int32(classNames.count), count: images.count))
            classNames.append(folder)
            files.append(contentsOf: sorted(images))
        }
        let loose = sorted(top.images)
        if let first = loose.first, let folder = classNames.first {
            throw DatasetError.looseFiles(path: path, file: first, folder: folder)
        }
        self.files = classNames.isEmpty ? loose : files
        self.labels = classNames.isEmpty ? nil : labels
        self.classNames = classNames
        if self.files.isEmpty { throw DatasetError.noImages(path: path, leftOut: leftOut) }
    }
}

/// A one-line summary of the images taken from a folder.
struct FolderSummary {
    let path: String
    let headers: [ImageHeader]
    let broken: [DatasetError.BrokenImage]
    let leftOut: [String: Int]
    let classNames: [String]
    let isDecoded: Bool

    var line: String {
        var kinds: [ImageFormat: Int] = [:]
        var greys = 0
        for header in headers {
            kinds[header.format, default: 0] += 1
            if header.channels == 1 { greys += 1 }
        }
        let formats = kinds.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
            .map { kinds.count == 1 ? $0.key.name : "\($0.value) \($0.key.name)" }.joined(separator: ", ")
        let colours = greys == 0 ? "colour" : greys == headers.count ? "grey" : "\(greys) grey, the others colour"
        let count = CountText.short(headers.count, "image")
        var parts = ["\(path): \(count) (\(formats); \(sizes); \(colours))"]
        if !classNames.isEmpty {
            let shown = classNames.prefix(6).joined(separator: ", ")
            parts.append(
                (classNames.count == 1 ? "1 class: " : "\(classNames.count) classes: ") + shown
                    + (classNames.count > 6 ? ", …" : ""))
        }
        if let out = Self.text(leftOut) { parts.append("left out: \(out)") }
        if !broken.isEmpty {
            parts.append("\(broken.count) broken skipped: " + DatasetError.list(broken.map(\.file)))
        }
        let series = headers.count { $0.hasMore }
        if series > 0 {
            parts.append("\(series) with several images in a file (animation or pages), of which the first is used")
        }
        if !isDecoded { parts.append("too many to decode in advance, only headers and file ends were checked") }
        return FileName.shown(parts.joined(separator: "; "))
    }

    private var sizes: String {
        var (least, most) = (headers[0], headers[0])
        var isOne = true
        for header in headers {
            if header.height * header.width < least.height * least.width { least = header }
            if header.height * header.width > most.height * most.width { most = header }
            isOne = isOne && header.height == headers[0].height && header.width == headers[0].width
        }
        let first = "\(least.height)x\(least.width)"
        let isSquare = least.height == least.width && most.height == most.width
        return (isOne ? "\(first) pixels" : "\(first) to \(most.height)x\(most.width) pixels")
            + (isSquare ? "" : ", height x width")
    }

    /// Nil if nothing was left out.
    static func text(_ leftOut: [String: Int]) -> String? {
        if leftOut.isEmpty { return nil }
        return leftOut.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
            .joined(separator: ", ")
    }
}
