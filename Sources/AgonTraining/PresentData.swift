import AgonDatasets
import AgonExperiments
import AgonRuns

/// The present datasets of experiments on this machine. Each is opened once.
package final class PresentData {
    private let searchPath: DataSearchPath
    private let root: String?
    /// The fingerprints of datasets, nil if they have no files, or why they cannot be opened. Keyed by the complete
    /// settings of a dataset.
    private var opened: [String: Result<DatasetFingerprint?, any Error>] = [:]

    /// - Parameter root: the base folder of relative data paths; nil for the working folder.
    package init(searchPath: DataSearchPath, root: String? = nil) {
        self.searchPath = searchPath
        self.root = root
    }

    /// The data of training and evaluation in all stages of an experiment. Data that cannot be opened are omitted,
    /// because nothing is known about them.
    package func data(of experiment: Experiment, since step: Int) -> [RecordedData] {
        experiment.datasets.compactMap { dataset in
            guard let fingerprint = try? open(dataset) else { return nil }
            return try? RecordedData(dataset, fingerprint: fingerprint, since: step)
        }
    }

    /// The same, if the data of training can be opened.
    ///
    /// Throws `DatasetError`.
    func openedData(of experiment: Experiment, since step: Int) throws -> [RecordedData] {
        try openTrainingData(of: experiment)
        return data(of: experiment, since: step)
    }

    /// Throws `DatasetError` or its message with the place in the config if the data of training cannot be opened.
    package func openTrainingData(of experiment: Experiment) throws {
        for part in experiment.parts where part.configuration.recordedInputs == nil {
            _ = try part.locating { try open(part.configuration.dataset) }
        }
    }

    private func open(_ dataset: DatasetConfiguration) throws -> DatasetFingerprint? {
        let key = dataset.node.lineText
        let result =
            opened[key] ?? Result { try place(dataset).open(searchPath: searchPath).fingerprint }
        opened[key] = result
        return try result.get()
    }

    private func place(_ dataset: DatasetConfiguration) -> DatasetConfiguration {
        root.map(dataset.relative(to:)) ?? dataset
    }
}

extension Experiment {
    /// Its stages, or itself.
    var parts: [Experiment] { stages.isEmpty ? [self] : stages.map(\.experiment) }

    /// The datasets of training and evaluation in all stages.
    var datasets: [DatasetConfiguration] {
        parts.flatMap { stage in
            let settings = stage.configuration
            return (settings.recordedInputs == nil ? [settings.dataset] : [])
                + (settings.evaluation.map { [settings.dataset.measured(by: $0)] } ?? [])
        }
    }
}

extension DatasetConfiguration {
    /// The data that generated samples are compared with.
    package func measured(by settings: EvaluationSettings) -> DatasetConfiguration {
        deterministic(split: settings.split, takesAll: true)
    }
}
