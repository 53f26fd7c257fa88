import AgonConfiguration
import AgonDatasets
import AgonRuns
import AgonTensors
import Foundation

extension Error {
    /// Whether the cause is transient, such as a full disk or temporarily unreadable data, so that a stopped run can
    /// resume from its checkpoint.
    package var isPassing: Bool {
        switch self as any Error {
        case let error as TensorsError: error.isPassing
        case let error as ConfigError: error.isPassing
        case let error as DatasetError: error.isPassing
        case TrainingError.badData(_, _, _, _, let isPassing): isPassing
        default: false
        }
    }
}
