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
        // Permissions do not come back by themselves.
        case TensorsError.cannotWrite(_, let code), TensorsError.cannotRead(_, let code):
            ![EACCES, EPERM, EROFS].contains(code)
        case TensorsError.noThread, ConfigError.unreadableFile: true
        case let error as DatasetError: error.isPassing
        case TrainingError.badData(_, _, _, let isPassing): isPassing
        default: false
        }
    }
}
