import AgonTensors
import Foundation

/// Fetches a dataset: each file comes from the first source that has it and is verified; then the whole folder is
/// renamed into place.
///
/// Work happens in `NAME.partial` next to the target. An interrupted fetch continues there: verified files are kept,
/// and an interrupted download is resumed.
public struct DatasetFetcher {
    /// The location of the data.
    public struct Outcome: Equatable, Sendable {
        public let path: String
        /// Whether intact data already existed, so nothing was fetched.
        public let wasPresent: Bool
    }

    public let manifest: DatasetManifest
    /// The folder that will contain the dataset.
    public let target: String
    /// Called with a line of text at each step.
    private let report: (String) -> Void
    private let showsProgress: Bool

    /// - Parameter folder: the folder of all datasets; the data are stored in a subfolder with the dataset's name.
    /// - Parameter showsProgress: whether downloads draw a bar on standard error.
    public init(
        manifest: DatasetManifest, into folder: String, showsProgress: Bool = false,
        report: @escaping (String) -> Void = { _ in }
    ) {
        self.manifest = manifest
        target = folder + "/" + manifest.name
        self.showsProgress = showsProgress
        self.report = report
    }

    /// Fetches the dataset unless intact data already exist.
    ///
    /// - Parameter folder: a local folder that contains the files, used instead of the manifest's sources.
    ///
    /// Throws: `DatasetError`, `TensorsError.cannotWrite`. A file with a wrong checksum is removed, and existing data
    /// at the target stay intact.
    public func fetch(from folder: String? = nil) throws -> Outcome {
        for form in manifest.forms where isSound(form) { return Outcome(path: target, wasPresent: true) }
        if let folder { return try fetch(fromFolder: folder) }
        var attempts: [DatasetError] = []
        for form in manifest.forms {
            for source in form.sources {
                do {
                    report("fetching \(manifest.name) from \(source)")
                    try fetch(form, from: FileSource(source))
                    return Outcome(path: target, wasPresent: false)
                } catch let error as DatasetError {
                    if case .fetchRunning = error { throw error }
                    if case .cannotWrite = error { throw error }
                    report("\(error)")
                    attempts.append(error)
                }
            }
        }
        if attempts.isEmpty {
            throw DatasetError.needsFolder(
                name: manifest.name, homepage: manifest.homepage, remedy: manifest.remedy)
        }
        throw attempts.count == 1
            ? attempts[0] : DatasetError.fetchFailed(name: manifest.name, attempts: attempts.map(\.description))
    }

    private func fetch(fromFolder folder: String) throws -> Outcome {
        for form in manifest.forms {
            guard form.files.allSatisfy({ DatasetVerification.path(of: $0, in: folder) != nil }) else { continue }
            try fetch(form, from: .folder(folder))
            return Outcome(path: target, wasPresent: false)
        }
        throw DatasetError.notInFolder(
            name: manifest.name, folder: folder, files: manifest.forms.flatMap { $0.files.map(\.name) })
    }

    private func isSound(_ form: DatasetManifest.Form) -> Bool {
        guard FileManager.default.fileExists(atPath: target) else { return false }
        let reports = DatasetVerification.verify(DatasetCatalogue.Location(folder: target, form: form))
        let splits = [form.train] + (form.test.map { [$0] } ?? [])
        return !reports.isEmpty && reports.allSatisfy(\.isSound)
            && splits.allSatisfy { split in split.images.allSatisfy { form.path(of: $0, in: target) != nil } }
    }

    private func fetch(_ form: DatasetManifest.Form, from source: FileSource) throws {
        let staging = target + ".partial"
        try FileSystem.makeFolders(staging)
        let lock = open(staging, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        // Closing alone would keep the lock while a child process that is being started has a copy of the descriptor.
        defer {
            flock(lock, LOCK_UN)
            close(lock)
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else { throw DatasetError.fetchRunning(path: staging) }

        let contents = staging + "/contents"
        try remove(contents)
        try FileSystem.makeFolders(contents)
        var fetched: [(file: DatasetManifest.File, path: String)] = []
        for file in form.files { fetched.append((file, try obtain(file, from: source, staging: staging))) }
        for (file, path) in fetched {
            if file.packing == .archive {
                report("extracting \(file.name)")
                try extractArchive(path, into: contents)
            } else {
                try move(path, to: contents + "/" + (path as NSString).lastPathComponent)
            }
        }
        if form.files.contains(where: { $0.packing == .archive }) {
            try DatasetVerification.writeRecord(in: contents)
        }
        try replaceTarget(by: contents, staging: staging)
        try remove(staging)
    }

    /// Where a folder holds a file: as it was published, or else unpacked, under another spelling of its name or in a
    /// folder of that name; a sound one if it holds several. Nil for none.
    private static func place(of file: DatasetManifest.File, in folder: String) -> String? {
        let published = folder + "/" + file.name
        let places = [published, DatasetVerification.path(of: file, in: folder)].compactMap { $0 }.distinct
            .filter { FileStamp(path: $0)?.isFile == true }
        guard places.count > 1 else { return places.first }
        return places.first { DatasetVerification.verdict(of: $0, as: file) == .sound } ?? places[0]
    }

    /// A verified file in the staging folder.
    private func obtain(_ file: DatasetManifest.File, from source: FileSource, staging: String) throws -> String {
        if let ready = DatasetVerification.path(of: file, in: staging),
            DatasetVerification.verdict(of: ready, as: file) == .sound
        {
            return ready
        }
        var (name, origin) = (file.name, file.name)
        if case .folder(let folder) = source, let place = Self.place(of: file, in: folder) {
            (name, origin) = ((place as NSString).lastPathComponent, String(place.dropFirst(folder.count + 1)))
        }
        let part = staging + "/" + name + ".part"
        let wasBegun = FileManager.default.fileExists(atPath: part)
        report("\(wasBegun ? "continuing" : "getting") \(name)")
        // The part may be complete if the fetch was interrupted before the check.
        if !wasBegun || DatasetVerification.verdict(of: part, as: file) != .sound {
            try source.get(origin, to: part, scratch: staging, showsProgress: showsProgress)
            if wasBegun && DatasetVerification.verdict(of: part, as: file) != .sound {
                // The partial file may belong to another version of the file: start over once.
                try remove(part)
                try source.get(origin, to: part, scratch: staging, showsProgress: showsProgress)
            }
        }
        switch DatasetVerification.verdict(of: part, as: file) {
        case .sound: break
        case .wrongContents(let expected, let found):
            try remove(part)
            throw DatasetError.checksumMismatch(path: name, expected: expected, found: found)
        case .wrongSize(let expected, let found):
            try remove(part)
            throw DatasetError.wrongSize(path: name, expected: expected, found: found)
        case .unreadable(let reason):
            try remove(part)
            throw DatasetError.unreadable(path: name, reason: reason)
        case .missing, .unrecorded:
            throw DatasetError.downloadFailed(source: name, reason: "received no data")
        }
        let ready = staging + "/" + name
        try move(part, to: ready)
        return ready
    }

    /// Renames the finished folder into place. A former folder may hold the user's own data, so it is kept under
    /// another name.
    private func replaceTarget(by contents: String, staging: String) throws {
        let former = staging + "/former"
        try remove(former)
        let hasFormer = FileManager.default.fileExists(atPath: target)
        if hasFormer { try move(target, to: former) }
        do {
            try move(contents, to: target)
        } catch {
            if hasFormer { try? move(former, to: target) }
            throw error
        }
        guard hasFormer, try !FileManager.default.contentsOfDirectory(atPath: former).isEmpty else { return }
        let kept =
            (1...).lazy.map { target + ".former" + ($0 == 1 ? "" : "-\($0)") }
            .first { !FileManager.default.fileExists(atPath: $0) } ?? target + ".former"
        try move(former, to: kept)
        report("\(kept): the former folder, whose contents were other ones; remove it if you do not need it")
    }

    private func move(_ path: String, to target: String) throws {
        guard rename(path, target) == 0 else {
            throw DatasetError.cannotWrite(path: target, reason: String(cString: strerror(errno)))
        }
    }

    private func remove(_ path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw DatasetError.cannotWrite(path: path, reason: SystemFault.text(of: error))
        }
    }
}
