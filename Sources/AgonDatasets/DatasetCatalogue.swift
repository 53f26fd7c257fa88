import AgonConfiguration
import AgonTensors
import Foundation

/// The datasets that have a manifest, and their locations on this machine.
public struct DatasetCatalogue: Sendable {
    /// The location of a dataset.
    public struct Location: Sendable {
        public let folder: String
        public let form: DatasetManifest.Form
    }

    /// A line of `agon datasets list`.
    public struct Entry: Sendable {
        public let manifest: DatasetManifest
        /// Nil if the data are missing.
        public let location: Location?
    }

    public let searchPath: DataSearchPath

    public init(searchPath: DataSearchPath) { self.searchPath = searchPath }

    /// The names that have a manifest, sorted.
    public var names: [String] { ProjectFiles.jsonNames(in: searchPath.manifestFolders) }

    /// The manifest of a dataset.
    ///
    /// Throws: `DatasetError.noManifests`, `.unknownDataset` with the nearest name, `ConfigError`.
    ///
    /// - Parameter others: more names to suggest if there is no such manifest.
    public func manifest(named name: String, others: [String] = []) throws -> DatasetManifest {
        for folder in searchPath.manifestFolders where !name.contains("/") {
            let path = folder + "/" + name + ".json"
            if FileManager.default.fileExists(atPath: path) { return try DatasetManifest.load(path: path) }
        }
        let known = names
        if known.isEmpty { throw DatasetError.noManifests(folders: searchPath.manifestFolders) }
        let available = (known + others).sorted()
        throw DatasetError.unknownDataset(name, nearest: nearestName(to: name, in: available), available: available)
    }

    /// All datasets with their locations. Throws `ConfigError` for a manifest that cannot be read.
    public func entries() throws -> [Entry] {
        let known = names
        if known.isEmpty { throw DatasetError.noManifests(folders: searchPath.manifestFolders) }
        return try known.map { name in
            let manifest = try manifest(named: name)
            return Entry(manifest: manifest, location: locate(manifest))
        }
    }

    /// The first folder of the search path that contains a form of the dataset with all splits, judged by file names.
    public func locate(_ manifest: DatasetManifest) -> Location? {
        for candidate in searchPath.candidates(for: manifest.name) {
            if candidate.standing == .environment && !candidate.isNamed { continue }
            if let place = place(manifest, candidate, splits: { [$0.train] + ($0.test.map { [$0] } ?? []) }) {
                return place
            }
        }
        return nil
    }

    /// A dataset that was found, with remarks about the search.
    struct Find {
        let location: Location
        let split: DatasetManifest.Form.Split
        /// The fingerprint of the split's files, if a manifest records such files; else nil.
        let fingerprint: DatasetFingerprint?
        var notes: [String]
    }

    /// The first folder of the search path that contains the requested split of the dataset.
    ///
    /// Contents are compared with the manifest's hashes. Different contents of the recorded size are never used: they
    /// are damaged, or another dataset in the same format. Contents of another size are custom data in that format.
    /// They are used, with a remark, if the folder has the dataset's name or the user named it.
    ///
    /// Throws: `DatasetError.missing`, `.pythonCIFAR`, `.unreadable`, `ConfigError`.
    func find(_ manifest: DatasetManifest, split: (DatasetManifest.Form) -> DatasetManifest.Form.Split) throws -> Find {
        var passedOver: [String] = []
        for candidate in searchPath.candidates(for: manifest.name) {
            guard let place = place(manifest, candidate, splits: { [split($0)] }) else { continue }
            let contents = try RecordedContents(of: split(place.form), at: place, catalogue: self, manifest: manifest)
            var notes = passedOver.map { "passed over: " + $0 }
            switch contents.verdict {
            case .recorded: break
            case .foreign(let error):
                passedOver.append("\(error)")
                continue
            case .own(let path):
                if candidate.standing == .environment && !candidate.isNamed {
                    passedOver.append("\(path): not the recorded contents of '\(manifest.name)'")
                    continue
                }
                notes.append(
                    "\(path): not the recorded contents of '\(manifest.name)'; used as custom data in the same format")
            case .unrecorded:
                if candidate.standing == .environment && !candidate.isNamed && place.form.format != .cifar10 {
                    continue
                }
            }
            return Find(
                location: place, split: split(place.form), fingerprint: contents.fingerprint,
                notes: notes.map(FileName.shown))
        }
        if manifest.forms.contains(where: { $0.format == .cifar10 }) {
            for candidate in searchPath.candidates(for: manifest.name) {
                if let path = DatasetFiles.pythonCIFAR(in: candidate.folder) {
                    throw DatasetError.pythonCIFAR(path: path)
                }
            }
        }
        throw missing(manifest, passedOver: passedOver, split: split)
    }

    private func place(
        _ manifest: DatasetManifest, _ candidate: DataSearchPath.Candidate,
        splits: (DatasetManifest.Form) -> [DatasetManifest.Form.Split]
    ) -> Location? {
        for form in manifest.forms {
            let paths = splits(form).flatMap { $0.images + ($0.labels.map { [$0] } ?? []) }
            let isThere = paths.allSatisfy {
                form.path(of: $0, in: candidate.folder, isNamed: candidate.isNamed, classes: manifest.classes) != nil
            }
            if isThere { return Location(folder: candidate.folder, form: form) }
        }
        return nil
    }

    /// Fetches a dataset into its folder in the search path, unless an intact copy is found anywhere in the search
    /// path. Into a folder that the user gave, such a copy is copied, except the contents of an archive.
    ///
    /// Throws: the errors of `manifest(named:)` and `DatasetFetcher.fetch(from:)`.
    ///
    /// - Parameter folder: a local folder that contains the files, used instead of the manifest's sources.
    public func fetch(
        _ name: String, from folder: String? = nil, showsProgress: Bool = false,
        report: @escaping (String) -> Void = { _ in }
    ) throws -> DatasetFetcher.Outcome {
        let manifest = try manifest(named: name)
        let fetcher = DatasetFetcher(
            manifest: manifest, into: searchPath.fetchFolder, showsProgress: showsProgress, report: report)
        if folder == nil, let place = locate(manifest) {
            let reports = DatasetVerification.verify(place)
            if !reports.isEmpty, reports.allSatisfy(\.isSound) {
                guard let given = searchPath.givenFolder, place.folder != given, !place.folder.hasPrefix(given + "/")
                else { return DatasetFetcher.Outcome(path: place.folder, wasPresent: true) }
                do {
                    return try fetcher.fetch(from: place.folder)
                } catch DatasetError.notInFolder {
                    // It holds the contents of an archive, not the archive.
                }
            }
        }
        return try fetcher.fetch(from: folder)
    }

    /// The error for a dataset that was not found, which tells how to get it.
    ///
    /// - Parameter split: the split that was searched for. Of a folder that holds some of its files, the others are
    ///   named.
    func missing(
        _ manifest: DatasetManifest, passedOver: [String] = [],
        split: (DatasetManifest.Form) -> DatasetManifest.Form.Split = { $0.train }
    ) -> DatasetError {
        let files = manifest.forms.first.map { split($0).images } ?? []
        let gap = gap(in: manifest, split: split)
        return DatasetError.missing(
            name: manifest.name, files: gap?.files ?? files.map { $0 == "." ? "images" : $0 },
            folders: gap.map { [$0.folder] } ?? searchPath.folders(for: manifest.name),
            remedy: manifest.remedy, passedOver: passedOver + otherCIFAR(manifest) + ownImages(manifest))
    }

    /// The first folder that holds some files of a split, and the names of those that it lacks.
    private func gap(
        in manifest: DatasetManifest, split: (DatasetManifest.Form) -> DatasetManifest.Form.Split
    ) -> (folder: String, files: [String])? {
        for candidate in searchPath.candidates(for: manifest.name) {
            for form in manifest.forms where form.format == .idx || form.format == .cifar10 {
                let names = split(form).images + (split(form).labels.map { [$0] } ?? [])
                let absent = names.filter { DatasetFiles.path(of: $0, in: candidate.folder) == nil }
                guard !absent.isEmpty, absent.count < names.count else { continue }
                return (candidate.folder, absent.map { $0.split(separator: "/").last.map(String.init) ?? $0 })
            }
        }
        return nil
    }

    /// A remark about image files in the folder that a config names, where files of another format were searched for.
    private func ownImages(_ manifest: DatasetManifest) -> [String] {
        guard manifest.forms.allSatisfy({ $0.format == .idx || $0.format == .cifar10 }) else { return [] }
        return searchPath.roots.filter { $0.standing == .set && ImageFolder.holdsImages($0.path) }
            .map { "\($0.path): holds image files, which dataset.name=folder reads" }
    }

    /// A remark about CIFAR-100 in a folder where CIFAR-10 was searched for.
    private func otherCIFAR(_ manifest: DatasetManifest) -> [String] {
        guard manifest.forms.contains(where: { $0.format == .cifar10 }) else { return [] }
        return searchPath.candidates(for: manifest.name).compactMap { DatasetFiles.hundredClassCIFAR(in: $0.folder) }
            .prefix(1).map { "\($0): looks like CIFAR-100, which has other labels; Agon reads CIFAR-10" }
    }
}

extension DatasetManifest.Form {
    /// The location of a split's path on disk, under any of the names that the files commonly have.
    ///
    /// - Parameter isNamed: whether the folder has the dataset's name. Another folder counts as a set of images only if
    ///   its class folders are those of the set, since nothing else distinguishes it from other folders of images.
    func path(of path: String, in folder: String, isNamed: Bool = true, classes: [String] = []) -> String? {
        switch format {
        case .idx, .cifar10: return DatasetFiles.path(of: path, in: folder)
        case .folder, .pairs:
            let place = path == "." ? folder : folder + "/" + path
            if !isNamed {
                guard path != ".", !classes.isEmpty, let entries = try? FolderEntries(path: place),
                    Set(entries.folders) == Set(classes)
                else { return nil }
            }
            return ImageFolder.holdsImages(place) ? place : nil
        }
    }
}
