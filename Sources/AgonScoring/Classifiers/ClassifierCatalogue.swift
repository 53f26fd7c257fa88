import AgonConfiguration
import AgonDatasets
import AgonRuns
import AgonTensors
import AgonText
import AgonTraining
import Foundation

/// Locates classifiers' configs and weights: configs in the project's `Configs/classifiers`, weights beside them or
/// in the cache, where trained weights are stored.
///
/// Weight files are named `NAME-DIGEST.safetensors` with 12 digits of the config's digest, so weights of a changed
/// config are never mistaken for those of the current one. Those that were trained on other contents than the published
/// ones of a set are named `NAME-DIGEST-CONTENTS.safetensors` and are used where these contents are found.
public struct ClassifierCatalogue: Sendable {
    /// Folders of configs, `NAME.json`.
    public let configFolders: [String]
    /// The folder of locally trained weights.
    public let cacheFolder: String

    public init(configFolders: [String], cacheFolder: String) {
        self.configFolders = configFolders
        self.cacheFolder = cacheFolder
    }

    /// The project's configs (``ProjectFiles``); the cache in the folder that `AGON_CACHE` names, or `~/.cache/agon`.
    public static func standard(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        workingFolder: String = FileManager.default.currentDirectoryPath
    ) -> ClassifierCatalogue {
        ClassifierCatalogue(
            configFolders: ProjectFiles.places(of: "Configs/classifiers", workingFolder: workingFolder),
            cacheFolder: CacheFolder.path("classifiers", environment: environment))
    }

    // MARK: Configs

    /// The names of the available configs.
    public var names: [String] { ProjectFiles.jsonNames(in: configFolders) }

    /// The config with a name, or in a file: a text with a `/` or ending in `.json` is a path.
    ///
    /// Throws `ClassifierError.unknown`, `ConfigError`.
    public func recipe(_ name: String, overrides: [String] = []) throws -> ClassifierRecipe {
        if name.contains("/") || name.hasSuffix(".json") {
            return try ClassifierRecipe.load(path: name, overrides: overrides)
        }
        for folder in configFolders {
            let path = "\(folder)/\(name).json"
            if FileManager.default.fileExists(atPath: path) {
                return try ClassifierRecipe.load(path: path, overrides: overrides)
            }
        }
        throw ClassifierError.unknown(
            name, nearest: nearestName(to: name, in: names), available: names)
    }

    // MARK: Weights

    /// The weights of a config, if they are beside the configs or in the cache and valid: those trained on published
    /// data, or those trained on the data that are found now.
    ///
    /// Throws `TensorsError.cannotRead` for weights that may be valid but cannot be read.
    public func weights(of recipe: ClassifierRecipe, searchPath: DataSearchPath) throws -> ClassifierWeights? {
        if let weights = try weights(of: recipe, contents: nil) { return weights }
        guard let dataset = try? recipe.configuration.dataset.open(searchPath: searchPath) else { return nil }
        return try Self.ownContents(of: dataset).flatMap { try weights(of: recipe, contents: $0) }
    }

    /// What identifies data that are not published under their name; nil for published ones and for data without files.
    private static func ownContents(of dataset: any Dataset) -> DatasetFingerprint? {
        dataset.fingerprint.flatMap { $0.isPublished ? nil : $0 }
    }

    private func cachePath(of recipe: ClassifierRecipe, _ contents: DatasetFingerprint?) -> String {
        "\(cacheFolder)/\(Self.stem(recipe, contents)).safetensors"
    }

    private func weights(of recipe: ClassifierRecipe, contents: DatasetFingerprint?) throws -> ClassifierWeights? {
        let shipped = contents == nil ? configFolders.map { "\($0)/\(Self.stem(recipe, nil)).safetensors" } : []
        for path in shipped + [cachePath(of: recipe, contents)] where FileSystem.exists(path) {
            do {
                let weights = try ClassifierWeights(path: path)
                if weights.config == recipe.digest { return weights }
            } catch let error as TensorsError where error.isReadFailure {
                throw error
            } catch {
                // Damaged, or of another kind: trained again.
            }
        }
        return nil
    }

    /// The weights of a config, trained first if there are none. Two processes that need them train them once: the
    /// second waits for the first. A signal saves the state and stops training.
    ///
    /// - Parameters:
    ///   - report: called with training progress.
    ///   - note: called with one-line status messages.
    ///
    /// Throws `ClassifierError.stopped` after a signal, the errors of training, `RunError.cannotMakeFolder`.
    public func train(
        _ recipe: ClassifierRecipe, searchPath: DataSearchPath, threads: Int, stop: StopRequest = .signals,
        report: (TrainingProgress) -> Void, note: (String) -> Void = { _ in }
    ) throws -> ClassifierWeights {
        try stop.listening {
            try trainedWeights(
                of: recipe, searchPath: searchPath, threads: threads, stop: stop, report: report, note: note)
        }
    }

    /// The same, if signals are already handled.
    func trainedWeights(
        of recipe: ClassifierRecipe, searchPath: DataSearchPath, threads: Int, stop: StopRequest = .signals,
        report: (TrainingProgress) -> Void, note: (String) -> Void = { _ in }
    ) throws -> ClassifierWeights {
        if let weights = try weights(of: recipe, contents: nil) { return weights }
        let dataset = try recipe.configuration.dataset.open(searchPath: searchPath)
        let contents = Self.ownContents(of: dataset)
        if let weights = try weights(of: recipe, contents: contents) { return weights }
        let stem = Self.stem(recipe, contents)
        let lock = try lock(recipe, stem: stem, stop: stop, note: note)
        // Closing alone would keep the lock while a child process that is being started has a copy of the descriptor.
        defer {
            flock(lock, LOCK_UN)
            close(lock)
        }
        // Another process may have trained it meanwhile.
        if let weights = try weights(of: recipe, contents: contents) { return weights }
        try BLAS.open()
        note(
            "classifier \(recipe.name): training it for \(CountText.short(recipe.configuration.steps, "step")), once "
                + "on this machine"
        )
        let path = cachePath(of: recipe, contents)
        let state = "\(cacheFolder)/\(stem).state.safetensors"
        let training = try ClassifierTraining(recipe, dataset: dataset, threads: threads)
        // Without samples to test it on, the training would be in vain.
        let test = try recipe.openSamples(of: .test, searchPath: searchPath)
        try training.run(checkpoint: state, stop: stop, report: report)
        let accuracy = try ClassifierAccuracy.measure(training.network, on: test, threads: threads)
        try ClassifierWeights.write(
            training.network, recipe: recipe, accuracy: accuracy, testSamples: test.count, path: path)
        unlink(state)
        return try ClassifierWeights(path: path)
    }

    private static func stem(_ recipe: ClassifierRecipe, _ contents: DatasetFingerprint?) -> String {
        "\(recipe.name)-\(recipe.digest.prefix(12))" + (contents.map { "-\($0.sha256.prefix(12))" } ?? "")
    }

    /// Takes the config's lock, which is also released when the process ends.
    private func lock(
        _ recipe: ClassifierRecipe, stem: String, stop: StopRequest, note: (String) -> Void
    ) throws -> Int32 {
        try RunFolder.makeFolders(cacheFolder)
        let path = "\(cacheFolder)/\(stem).lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw TensorsError.cannotWrite(path: path, code: errno)
        }
        var isWaiting = false
        // Some network file systems have no locks; training then runs without.
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            if !isWaiting { note("classifier \(recipe.name): another process is training it; waiting") }
            isWaiting = true
            // Polled, so that a signal ends the wait.
            usleep(200_000)
            if stop.isMade {
                close(descriptor)
                throw ClassifierError.stopped(recipe.name, step: 0, steps: recipe.configuration.steps)
            }
        }
        return descriptor
    }
}
