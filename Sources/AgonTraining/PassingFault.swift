import AgonConfiguration
import AgonDatasets
import AgonRuns
import AgonTensors

extension Error {
    /// Whether the cause is transient, such as a full disk or temporarily unreadable data, so that a stopped run can
    /// resume from its checkpoint.
    package var isPassing: Bool {
        switch self as any Error {
        case TensorsError.cannotWrite, TensorsError.cannotRead, TensorsError.noThread,
            RunError.cannotWrite, ConfigError.unreadableFile:
            true
        case let error as DatasetError: error.isPassing
        case TrainingError.badData(_, _, _, let isPassing): isPassing
        default: false
        }
    }
}
