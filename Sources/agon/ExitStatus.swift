import ArgumentParser
import Configuration
import Datasets
import Evaluation
import Experiments
import Foundation
import Graph
import Layers
import Reports
import Tensors

/// The exit codes of the program, after BSD's sysexits.
enum ExitStatus: Int32 {
    case usage = 64
    /// A config, dataset or file that is not as it must be.
    case badInput = 65
    /// Training went to numbers that are none, which it would do again if resumed; or a fault of the program.
    case failed = 70
    /// Stopped by a signal, or by a fault that passes such as a full disk; `--resume` goes on.
    case stopped = 75

    /// Prints the error and ends the process. Help and version, which the parser throws too, end it with 0.
    static func end(with error: any Error, parsedBy command: (some ParsableCommand).Type) -> Never {
        guard let status = status(of: error) else { command.exit(withError: error) }
        let message = String(describing: error)
        FileHandle.standardError.write(Data("agon: error: \(message)\n".utf8))
        exit(status.rawValue)
    }

    /// The exit code of an error that has been told of.
    static func code(of error: any Error) -> Int32 { (status(of: error) ?? .failed).rawValue }

    /// Nil for what the argument parser words and codes itself.
    private static func status(of error: any Error) -> ExitStatus? {
        switch error {
        case ConfigError.malformedOverride: .usage
        case is ConfigError, is LayerError, is EvaluationError: .badInput
        case let error as ExperimentsError: status(ofRun: error)
        case ClassifierError.stopped: .stopped
        case is ClassifierError, is MeasurementError: .badInput
        case let error as SweepError: status(ofSweep: error)
        case let error as ReportsError: status(ofReport: error)
        case is DatasetError: .badInput
        case TensorsError.blasUnavailable, TensorsError.lapackUnavailable, TensorsError.lapackFailed: .failed
        case is TensorsError: .badInput
        case is GraphError: .failed
        default: nil
        }
    }

    private static func status(ofSweep error: SweepError) -> ExitStatus {
        switch error {
        case .tooManyThreads, .tooManyJobs, .badTimeLimit, .shortTimeLimit, .noSweep, .noTrial: .usage
        case .sweepBusy: .stopped
        case .missingTool, .toolFailed: .failed
        default: .badInput
        }
    }

    private static func status(ofReport error: ReportsError) -> ExitStatus {
        switch error {
        case .noRun, .unknownTable, .unknownBudget, .notAPage: .usage
        case .missingTool, .toolFailed: .failed
        default: .badInput
        }
    }

    private static func status(ofRun error: ExperimentsError) -> ExitStatus {
        switch error {
        case .runExists, .noRun, .noCheckpointAtStep, .malformedExpression, .unknownLatent, .malformedAssignment,
            .latentExists, .badLabel, .unknownCurve:
            .usage
        case .notFinite, .alarm: .failed
        case .runBusy, .stoppedByFault: .stopped
        default: .badInput
        }
    }
}
