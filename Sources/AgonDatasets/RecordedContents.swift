/// Compares the files of a split with the contents that manifests record.
struct RecordedContents {
    enum Verdict {
        /// The contents match the manifest.
        case recorded
        /// The contents have the recorded size but differ, or belong to another dataset.
        case foreign(DatasetError)
        /// The contents have another size; the path is the first such file.
        case own(String)
        /// The manifest records nothing about them.
        case unrecorded
    }

    let verdict: Verdict
    /// Nil for folders of images, whose files are examined when they are opened.
    let fingerprint: DatasetFingerprint?

    /// Throws: `DatasetError.unreadable`, `ConfigError` for a manifest that cannot be read.
    init(
        of split: DatasetManifest.Form.Split, at place: DatasetCatalogue.Location, catalogue: DatasetCatalogue,
        manifest: DatasetManifest
    ) throws {
        guard place.form.format == .idx || place.form.format == .cifar10 else {
            (verdict, fingerprint) = (.unrecorded, nil)
            return
        }
        let store = FileRecords(of: place.folder, cacheFolder: catalogue.searchPath.cacheFolder)
        defer { store.save() }
        let record = DatasetVerification.recorded(in: place.folder) ?? [:]
        var files: [(name: String, contents: FileContents)] = []
        var found: Verdict = .recorded
        for name in split.images + (split.labels.map { [$0] } ?? []) {
            guard let path = place.form.path(of: name, in: place.folder) else { throw catalogue.missing(manifest) }
            let relative = String(path.dropFirst(place.folder.count + 1))
            let contents = try store.contents(of: relative, in: place.folder)
            files.append((name, contents))
            let file = place.form.files.first { $0.packing != .archive && ($0.plainName == name || $0.name == name) }
            let expected = file?.sha256 ?? record[relative]
            if expected == contents.sha256 { continue }
            let other = try catalogue.owner(of: contents, except: manifest.name)
            if other != nil || expected != nil && (file == nil || file?.size == contents.size) {
                found = .foreign(.otherContents(path: path, name: other))
                break
            }
            if case .recorded = found { found = file == nil ? .unrecorded : .own(path) }
        }
        var fingerprint = DatasetFingerprint.of(files)
        if case .recorded = found { fingerprint.isPublished = true }
        verdict = found
        self.fingerprint = fingerprint
    }
}

extension DatasetCatalogue {
    /// The name of the dataset whose manifest records these contents.
    fileprivate func owner(of contents: FileContents, except name: String) throws -> String? {
        for other in names where other != name {
            let files = try manifest(named: other).forms.flatMap(\.files)
            if files.contains(where: { $0.sha256 == contents.sha256 }) { return other }
        }
        return nil
    }
}
