import AgonTensors

extension DatasetConfiguration {
    /// Finds and opens the data.
    ///
    /// - Parameter balancedLimit: the size of the subset that is wanted, evenly over the classes, instead of all. Where
    ///   both are wanted, `BalancedSubset` makes one of a set that is open.
    ///
    /// Throws: `DatasetError`, `ConfigError` for a manifest that cannot be read, `TensorsError` for such embeddings.
    public func open(searchPath: DataSearchPath, balancedLimit: Int? = nil) throws -> any Dataset {
        let whole = try openWhole(searchPath)
        return try balancedLimit.map { try BalancedSubset(of: whole, size: $0) } ?? whole
    }

    private func openWhole(_ searchPath: DataSearchPath) throws -> any Dataset {
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
            let path = path ?? ""
            let hasOwnTest = ImageFolder.holdsImages(path + "/train") && ImageFolder.holdsImages(path + "/test")
            let part = try part(hasOwnTest: hasOwnTest, origin: path)
            let folder = hasOwnTest ? path + "/" + part.folder.rawValue : path
            let source: any ImageSource =
                name == BuiltIn.pairs.rawValue
                ? try ImagePairs(path: folder, input: input ?? .right) : try ImageFolder(path: folder)
            return try dataset(source, holdout: part.holdout)
        case .unpaired:
            return try openDomains(path ?? "")
        case nil:
            return try openNamed(DatasetCatalogue(searchPath: searchPath))
        }
    }

    /// The domains A, of the conditions, and B, of the samples.
    private func openDomains(_ path: String) throws -> any Dataset {
        let hasOwnTest = ImageFolder.holdsImages(path + "/testA") && ImageFolder.holdsImages(path + "/testB")
        let part = try part(hasOwnTest: hasOwnTest, origin: path)
        func domain(_ letter: String) throws -> ImageFolder {
            let folder = path + "/" + part.folder.rawValue + letter
            guard ImageFolder.isFolder(folder) else { throw DatasetError.noDomain(path: folder) }
            return try ImageFolder(path: folder)
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

    /// Synthetic samples of a split of their own, so that test and validation are not the training samples again.
    private var sampleSeed: UInt64 {
        switch split {
        case .train: seed
        case .test: RandomStream(seed: seed, purpose: "test samples").key
        case .validation: RandomStream(seed: seed, purpose: "validation samples").key
        }
    }

    private enum OwnSplit: String { case train, test }

    private typealias Holdout = (fraction: Double, isWanted: Bool, seed: UInt64)

    /// Which of the set's own splits is read, and whether samples held out of it are wanted, the others, or all.
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
        let (place, split) = try locate(manifest, part.folder, catalogue)
        let source: any ImageSource
        switch place.form.format {
        case .idx, .cifar10:
            source = try Self.stored(place, split, manifest: manifest)
        case .folder, .pairs:
            guard let path = place.form.path(of: split.images[0], in: place.folder) else {
                throw catalogue.missing(manifest)
            }
            source =
                place.form.format == .folder
                ? try ImageFolder(path: path)
                : try ImagePairs(path: path, input: input ?? place.form.input ?? .right)
        }
        return try dataset(source, holdout: part.holdout)
    }

    private func stored(_ name: String, part: OwnSplit, catalogue: DatasetCatalogue) throws -> StoredImages {
        let manifest = try catalogue.manifest(named: name)
        let (place, split) = try locate(manifest, part, catalogue)
        return try Self.stored(place, split, manifest: manifest)
    }

    private func locate(
        _ manifest: DatasetManifest, _ part: OwnSplit, _ catalogue: DatasetCatalogue
    ) throws -> (DatasetCatalogue.Location, DatasetManifest.Form.Split) {
        var catalogue = catalogue
        if let path {
            let given = DataSearchPath.Root(path: path, mayBeTheSet: true)
            catalogue = DatasetCatalogue(
                searchPath: DataSearchPath(
                    roots: [given], manifestFolders: catalogue.searchPath.manifestFolders,
                    fetchFolder: catalogue.searchPath.fetchFolder))
        }
        func split(_ form: DatasetManifest.Form) -> DatasetManifest.Form.Split {
            part == .test ? form.test ?? form.train : form.train
        }
        guard let place = catalogue.locate(manifest, splits: { [split($0)] }) else { throw catalogue.missing(manifest) }
        return (place, split(place.form))
    }

    private static func stored(
        _ place: DatasetCatalogue.Location, _ split: DatasetManifest.Form.Split, manifest: DatasetManifest
    ) throws -> StoredImages {
        func path(_ name: String) -> String { place.form.path(of: name, in: place.folder) ?? place.folder + "/" + name }
        if place.form.format == .cifar10 {
            return try StoredImages.readCIFAR(batches: split.images.map(path), classNames: manifest.classes)
        }
        return try StoredImages.readIDX(
            images: path(split.images[0]), labels: split.labels.map(path), classNames: manifest.classes)
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
            holdout: holdout, origin: name)
        let embeddings = try path.map {
            try SampleEmbeddings(path: $0, count: source.count).selecting(selection.indices)
        }
        return try ImageDataset(
            source: source, selection: selection, transforms: transforms, range: range, memoryLimit: memoryLimit,
            embeddings: embeddings)
    }
}
