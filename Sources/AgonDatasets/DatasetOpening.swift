import AgonTensors

extension DatasetConfiguration {
    /// Finds and opens the data.
    ///
    /// Throws: `DatasetError`; `ConfigError` for a manifest that cannot be read; `TensorsError` for unreadable
    /// embeddings.
    public func open(searchPath: DataSearchPath) throws -> any Dataset {
        switch BuiltIn(rawValue: name) {
        case .ring:
            return GaussianMixture.ring(count: count ?? 100_000, deviation: Float(deviation ?? 0.02), seed: sampleSeed)
        case .grid:
            return GaussianMixture.grid(count: count ?? 100_000, deviation: Float(deviation ?? 0.05), seed: sampleSeed)
        case .stackedDigits:
            let digits = try stored(
                "mnist", part: split == .test ? .test : .train, catalogue: DatasetCatalogue(searchPath: searchPath))
            let stacked = try StackedDigits(digits: digits, count: count ?? 128_000, seed: sampleSeed)
            return try dataset(stacked, holdout: nil)
        case .folder, .pairs:
            return try openFolder(try place(searchPath), cacheFolder: searchPath.cacheFolder)
        case .unpaired:
            return try openDomains(try place(searchPath), cacheFolder: searchPath.cacheFolder)
        case nil:
            return try openNamed(DatasetCatalogue(searchPath: searchPath))
        }
    }

    /// The folder that `path` refers to.
    private func place(_ searchPath: DataSearchPath) throws -> String {
        try DatasetArchive.folder(of: path ?? "", cacheFolder: searchPath.cacheFolder)
    }

    private var reading: ImageReading {
        ImageReading(background: UInt8(background ?? 255), broken: broken ?? .refuse)
    }

    private func openFolder(_ path: String, cacheFolder: String?) throws -> any Dataset {
        let splits = try FolderSplits(path: path)
        var notes: [String] = []
        let folder: String
        var holdout: Holdout?
        if let train = splits.train {
            let hasOwnValidation = splits.validation != nil && self.holdout == 0
            var part = split
            if split == .test, splits.test == nil, hasOwnValidation { part = .validation }
            switch part {
            case .validation where hasOwnValidation: folder = splits.validation ?? train
            default:
                let own = try self.part(hasOwnTest: splits.test != nil, origin: path)
                holdout = own.holdout
                folder = own.folder == .test ? splits.test ?? train : train
            }
            let present = [train, splits.validation, splits.test].compactMap { $0 }
            notes.append(
                "\(splits.folder): split '\(folder)' of \(present.joined(separator: ", "))"
                    + (splits.others.isEmpty ? "" : "; left out: \(splits.others.joined(separator: ", "))"))
        } else {
            holdout = try self.part(hasOwnTest: false, origin: path).holdout
            folder = ""
        }
        let place = folder.isEmpty ? splits.folder : try FolderSplits.unwrapped(splits.folder + "/" + folder)
        let images = try ImageFolder(
            path: place, reading: reading, cacheFolder: cacheFolder, record: nil, notes: notes.map(FileName.shown))
        if name == BuiltIn.pairs.rawValue {
            return try dataset(ImagePairs(folder: images, input: input ?? .right), holdout: holdout)
        }
        return try dataset(images, holdout: holdout)
    }

    /// Opens domain A (conditions) and domain B (samples).
    private func openDomains(_ path: String, cacheFolder: String?) throws -> any Dataset {
        let hasOwnTest = ImageFolder.holdsImages(path + "/testA") && ImageFolder.holdsImages(path + "/testB")
        let part = try part(hasOwnTest: hasOwnTest, origin: path)
        func domain(_ letter: String) throws -> ImageFolder {
            let folder = path + "/" + part.folder.rawValue + letter
            guard ImageFolder.isFolder(folder) else { throw DatasetError.noDomain(path: folder) }
            return try ImageFolder(path: folder, reading: reading, cacheFolder: cacheFolder)
        }
        return try unpairedImages(samples: domain("B"), conditions: domain("A"), holdout: part.holdout)
    }

    private func unpairedImages(
        samples: any ImageSource, conditions: any ImageSource, holdout: Holdout?
    ) throws -> UnpairedImages {
        let samples = try images(samples, holdout: holdout, embeddings: embeddings, memoryLimit: memoryLimit << 20)
        let rest = (memoryLimit << 20) - samples.keptBytes
        return UnpairedImages(
            samples: samples,
            conditions: try images(conditions, holdout: holdout, embeddings: nil, memoryLimit: rest))
    }

    /// The seed of synthetic samples for the split, so that test and validation samples differ from the training
    /// samples.
    private var sampleSeed: UInt64 {
        switch split {
        case .train: seed
        case .test: RandomStream(seed: seed, purpose: "test samples").key
        case .validation: RandomStream(seed: seed, purpose: "validation samples").key
        }
    }

    private enum OwnSplit: String { case train, test }

    private typealias Holdout = (fraction: Double, isWanted: Bool, seed: UInt64)

    /// The split of the files to read, and whether to use its held-out samples, the remaining samples, or all.
    private func part(hasOwnTest: Bool, origin: String) throws -> (folder: OwnSplit, holdout: Holdout?) {
        switch split {
        case .train:
            return (.train, holdout > 0 ? (holdout, false, seed) : nil)
        case .validation:
            guard holdout > 0 else { throw DatasetError.noHoldout(origin: origin) }
            return (.train, (holdout, true, seed))
        case .test:
            if hasOwnTest { return (.test, nil) }
            guard holdout > 0 else { throw DatasetError.noTestSplit(origin: origin) }
            return (.train, (holdout, true, seed))
        }
    }

    private func openNamed(_ catalogue: DatasetCatalogue) throws -> any Dataset {
        let manifest = try catalogue.manifest(named: name, others: BuiltIn.allCases.map(\.rawValue))
        let hasOwnTest = manifest.forms.contains { $0.test != nil }
        let part = try part(hasOwnTest: hasOwnTest, origin: name)
        let found = try find(manifest, part.folder, catalogue)
        let place = found.location
        let source: any ImageSource
        switch place.form.format {
        case .idx, .cifar10:
            source = try Self.stored(found, manifest: manifest)
        case .folder, .pairs:
            guard
                let path = place.form.path(of: found.split.images[0], in: place.folder)
            else { throw catalogue.missing(manifest) }
            let prefix = found.split.images[0] == "." ? "" : found.split.images[0] + "/"
            let record = DatasetVerification.recorded(in: place.folder).map { record in
                Dictionary(
                    record.compactMap {
                        $0.key.hasPrefix(prefix) ? (String($0.key.dropFirst(prefix.count)), $0.value) : nil
                    },
                    uniquingKeysWith: { first, _ in first })
            }
            let images = try ImageFolder(
                path: path, reading: reading, cacheFolder: catalogue.searchPath.cacheFolder, record: record,
                notes: found.notes)
            source =
                place.form.format == .folder
                ? images : try ImagePairs(folder: images, input: input ?? place.form.input ?? .right)
        }
        return try dataset(source, holdout: part.holdout)
    }

    private func stored(_ name: String, part: OwnSplit, catalogue: DatasetCatalogue) throws -> StoredImages {
        let manifest = try catalogue.manifest(named: name)
        return try Self.stored(try find(manifest, part, catalogue), manifest: manifest)
    }

    private func find(
        _ manifest: DatasetManifest, _ part: OwnSplit, _ catalogue: DatasetCatalogue
    ) throws -> DatasetCatalogue.Find {
        var catalogue = catalogue
        if path != nil {
            let folder = try place(catalogue.searchPath)
            catalogue = DatasetCatalogue(searchPath: catalogue.searchPath.only(folder))
        }
        return try catalogue.find(manifest) { part == .test ? $0.test ?? $0.train : $0.train }
    }

    private static func stored(_ found: DatasetCatalogue.Find, manifest: DatasetManifest) throws -> StoredImages {
        let (place, split) = (found.location, found.split)
        func path(_ name: String) -> String { place.form.path(of: name, in: place.folder) ?? place.folder + "/" + name }
        var images =
            place.form.format == .cifar10
            ? try StoredImages.readCIFAR(batches: split.images.map(path), classNames: manifest.classes)
            : try StoredImages.readIDX(
                images: path(split.images[0]), labels: split.labels.map(path), classNames: manifest.classes)
        images.fingerprint = found.fingerprint
        images.notes = found.notes
        return images
    }

    private func dataset(_ source: any ImageSource, holdout: Holdout?) throws -> any Dataset {
        if unpaired {
            guard let pairs = source as? ImagePairs else { throw DatasetError.notPairs(origin: name) }
            return try unpairedImages(
                samples: PairHalf(pairs: pairs, role: .target), conditions: PairHalf(pairs: pairs, role: .condition),
                holdout: holdout)
        }
        return try images(source, holdout: holdout, embeddings: embeddings, memoryLimit: memoryLimit << 20)
    }

    private func images(
        _ source: any ImageSource, holdout: Holdout?, embeddings path: String?, memoryLimit: Int
    ) throws -> ImageDataset {
        let selection = try SampleSelection(
            count: source.count, labels: source.labels, classNames: source.classNames, classes: classes, limit: limit,
            limitOrder: limitOrder, holdout: holdout, origin: name)
        let embeddings = try path.map {
            try SampleEmbeddings(path: DatasetArchive.expanded($0), count: source.count).selecting(selection.indices)
        }
        return try ImageDataset(
            source: source, selection: selection, transforms: transforms, range: range, memoryLimit: memoryLimit,
            embeddings: embeddings)
    }
}
