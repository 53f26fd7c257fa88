import AgonConfiguration
import AgonDatasets
import AgonRuns
import AgonTensors
import Foundation

extension Error {
    /// Whether the cause is transient, such as a full disk or data that cannot be read for a while, so that a run it stopped
    /// can resume from its checkpoint.
    package var isPassing: Bool {
        switch self as any Error {
        case TensorsError.cannotWrite, TensorsError.cannotRead, TensorsError.noThread, DatasetError.cannotWrite,
            RunError.cannotWrite, ConfigError.unreadableFile:
            true
        case DatasetError.unreadable(_, let reason): reason.namesPassingCause
        case TrainingError.badData(_, _, _, let isPassing): isPassing
        default: false
        }
    }
}

extension String {
    /// Whether the system's words for a transient cause are in the text: errors of decoders carry no number.
    fileprivate var namesPassingCause: Bool {
        [EIO, ESTALE, EAGAIN, ENOMEM, EMFILE, ENFILE, ETIMEDOUT, ENXIO, ENODEV].contains {
            contains(String(cString: strerror($0)))
        }
    }
}
