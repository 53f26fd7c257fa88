import AgonConfiguration
import Foundation

/// The datasets that have a manifest, and where each lies on this machine.
public struct DatasetCatalogue: Sendable {
    /// A dataset's place.
    public struct Location: Sendable {
        public let folder: String
        public let form: DatasetManifest.Form
    }

    /// A line of `agon datasets list`.
    public struct Entry: Sendable {
        public let manifest: DatasetManifest
        /// Nil when the data are missing.
        public let location: Location?
    }

    public let searchPath: DataSearchPath

    public init(searchPath: DataSearchPath) { self.searchPath = searchPath }

    /// The names that have a manifest, sorted.
    public var names: [String] {
        var names: Set<String> = []
        for folder in searchPath.manifestFolders {
            for entry in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            where entry.hasSuffix(".json") { names.insert(String(entry.dropLast(5))) }
        }
        return names.sorted()
    }

    /// The manifest of a dataset.
    ///
    /// Throws: `DatasetError.noManifests`, `.unknownDataset` with the nearest name, `ConfigError`.
    ///
    /// - Parameter others: further names to offer when there is no such manifest.
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

    /// Every dataset with its place. Throws `ConfigError` for a manifest that cannot be read.
    public func entries() throws -> [Entry] {
        let known = names
        if known.isEmpty { throw DatasetError.noManifests(folders: searchPath.manifestFolders) }
        return try known.map { name in
            let manifest = try manifest(named: name)
            return Entry(manifest: manifest, location: locate(manifest))
        }
    }

    /// The first folder of the search path that holds a form of the dataset, with all splits.
    public func locate(_ manifest: DatasetManifest) -> Location? {
        locate(manifest) { form in [form.train] + (form.test.map { [$0] } ?? []) }
    }

    /// The same, for some splits.
    func locate(
        _ manifest: DatasetManifest, splits: (DatasetManifest.Form) -> [DatasetManifest.Form.Split]
    ) -> Location? {
        for (folder, isNamed) in searchPath.candidates(for: manifest.name) {
            for form in manifest.forms {
                let paths = splits(form).flatMap { $0.images + ($0.labels.map { [$0] } ?? []) }
                if paths.allSatisfy({ form.path(of: $0, in: folder, isNamed: isNamed) != nil }) {
                    return Location(folder: folder, form: form)
                }
            }
        }
        return nil
    }

    /// Fetches a dataset into the search path's folder for it, unless it is found sound anywhere in the search path.
    ///
    /// Throws: what `manifest(named:)` and `DatasetFetcher.fetch(from:)` throw.
    ///
    /// - Parameter folder: a folder of this machine that holds the files, instead of the manifest's sources.
    public func fetch(
        _ name: String, from folder: String? = nil, showsProgress: Bool = false,
        report: @escaping (String) -> Void = { _ in }
    ) throws -> DatasetFetcher.Outcome {
        let manifest = try manifest(named: name)
        if folder == nil, let place = locate(manifest),
            DatasetVerification.verify(place).allSatisfy(\.isSound)
        {
            return DatasetFetcher.Outcome(path: place.folder, wasPresent: true)
        }
        return try DatasetFetcher(
            manifest: manifest, into: searchPath.fetchFolder, showsProgress: showsProgress, report: report
        ).fetch(from: folder)
    }

    /// The error that tells how to get a dataset that was not found.
    func missing(_ manifest: DatasetManifest) -> DatasetError {
        let files = manifest.forms.first?.train.images ?? []
        return DatasetError.missing(
            name: manifest.name, files: files.map { $0 == "." ? "images" : $0 },
            folders: searchPath.candidates(for: manifest.name).map(\.folder),
            isFetchable: manifest.forms.contains { !$0.sources.isEmpty })
    }
}

extension DatasetManifest.Form {
    /// Where a path of a split is on the disk: as named, compressed, or without the folder it was archived in.
    ///
    /// - Parameter isNamed: whether the folder bears the dataset's name; only then is the folder itself taken for a
    ///   folder of images, which nothing else tells from any other.
    func path(of path: String, in folder: String, isNamed: Bool = true) -> String? {
        switch format {
        case .idx, .cifar10:
            let last = (path as NSString).lastPathComponent
            return [path, path + ".gz", last, last + ".gz"].map { folder + "/" + $0 }
                .first { FileManager.default.fileExists(atPath: $0) }
        case .folder, .pairs:
            if path == "." { return isNamed && ImageFolder.holdsImages(folder) ? folder : nil }
            let place = folder + "/" + path
            return ImageFolder.holdsImages(place) ? place : nil
        }
    }
}
