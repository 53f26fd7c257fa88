import AgonConfiguration
import AgonDatasets
import AgonRuns
import AgonTensors

extension Error {
    /// Whether the cause is transient, such as a full disk or data that cannot be read for a while, so that a run it stopped
    /// can resume from its checkpoint.
    package var isPassing: Bool {
        switch self as any Error {
        case TensorsError.cannotWrite, TensorsError.cannotRead, TensorsError.noThread, DatasetError.cannotWrite,
            DatasetError.unreadable, RunError.cannotWrite, ConfigError.unreadableFile:
            true
        default: false
        }
    }
}
