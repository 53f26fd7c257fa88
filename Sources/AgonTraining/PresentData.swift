import AgonDatasets
import AgonExperiments
import AgonRuns

/// The datasets of experiments as they are on this machine now, each opened once.
package final class PresentData {
    private let searchPath: DataSearchPath
    private let root: String?
    /// By everything that a config says of the dataset; nil for one that cannot be opened or has no files.
    private var fingerprints: [String: DatasetFingerprint?] = [:]

    /// - Parameter root: the folder that paths of data are relative to; nil for the working folder.
    package init(searchPath: DataSearchPath, root: String? = nil) {
        self.searchPath = searchPath
        self.root = root
    }

    /// The data that an experiment trains on and is measured on, in all its stages. Data that cannot be opened are left out:
    /// nothing is known of them.
    package func data(of experiment: Experiment, since step: Int) -> [RecordedData] {
        experiment.datasets.compactMap { dataset in
            let key = dataset.node.lineText
            let fingerprint = fingerprints[key] ?? (try? place(dataset).open(searchPath: searchPath).fingerprint)
            fingerprints[key] = fingerprint
            return fingerprint.flatMap { try? RecordedData(dataset, fingerprint: $0, since: step) }
        }
    }

    private func place(_ dataset: DatasetConfiguration) -> DatasetConfiguration {
        root.map(dataset.relative(to:)) ?? dataset
    }
}

extension Experiment {
    /// The datasets of training and of evaluations, in all stages.
    fileprivate var datasets: [DatasetConfiguration] {
        (stages.isEmpty ? [self] : stages.map(\.experiment)).flatMap { stage in
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
