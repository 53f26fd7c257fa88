import AgonConfiguration
import AgonDatasets
import AgonExport
import AgonGraph
import AgonLayers
import AgonMetrics
import AgonReports
import AgonRunIndex
import AgonRuns
import AgonSampling
import AgonScoring
import AgonSweeps
import AgonTensors
import AgonTraining
import AgonTrials
import AgonVerification
import ArgumentParser
import Foundation

/// The exit codes of the program, after BSD's sysexits.
enum ExitStatus: Int32 {
    case usage = 64
    /// A config, dataset or file is invalid.
    case badInput = 65
    /// The loss became NaN or infinite, and would again after a resume; or an internal error.
    case failed = 70
    /// Stopped by a signal or a transient fault such as a full disk; `--resume` continues.
    case stopped = 75

    /// Prints the error and ends the process. Help and version, which the parser throws too, end it with 0.
    ///
    /// - Parameter command: the command that threw the error; nil for the parser.
    static func end(
        with error: any Error, of command: (any ParsableCommand)?, parsedBy root: (some ParsableCommand).Type
    ) -> Never {
        if let error = error as? ValidationError, let command {
            // The parser would show the usage of the whole program, since it does not know that this command runs.
            let names = path(to: type(of: command), from: root) ?? [root._commandName]
            Console.say("Error: \(error.message)")
            Console.say("  See '\(names.joined(separator: " ")) --help' for more information.")
            exit(ExitStatus.usage.rawValue)
        }
        guard var status = status(of: error) else { root.exit(withError: error) }
        if status == .stopped, isFaultOfFiles(error), !(command is any ResumableCommand) { status = .badInput }
        let message = String(describing: error)
        Console.say("agon: error: \(message)")
        exit(status.rawValue)
    }

    /// The words that call a command; nil if it is not among the subcommands.
    private static func path(to command: any ParsableCommand.Type, from root: any ParsableCommand.Type) -> [String]? {
        if command == root { return [root._commandName] }
        for next in root.configuration.subcommands {
            if let rest = path(to: command, from: next) { return [root._commandName] + rest }
        }
        return nil
    }

    /// Whether a file could not be read or written.
    private static func isFaultOfFiles(_ error: any Error) -> Bool {
        switch error {
        case TensorsError.cannotRead, TensorsError.cannotWrite, is DatasetError: true
        default: false
        }
    }

    /// The exit code of an error that was already reported.
    static func code(of error: any Error) -> Int32 { (status(of: error) ?? .failed).rawValue }

    /// Nil for errors that the argument parser reports itself.
    private static func status(of error: any Error) -> ExitStatus? {
        switch error {
        case ConfigError.malformedOverride, is EnvironmentWords.UnfitWord: .usage
        case is ConfigError, is LayerError, is MetricError: .badInput
        case let error as RunError: status(ofRun: error)
        case let error as TrainingError: status(ofTraining: error)
        case let error as SamplingError: status(ofSampling: error)
        case RunIndexError.failed: .failed
        case is RunIndexError: .usage
        case is VerificationError: .badInput
        case ClassifierError.stopped: .stopped
        case is ClassifierError, is MeasurementError: .badInput
        case let error as SweepError: status(ofSweep: error)
        case let error as ReportsError: status(ofReport: error)
        case let error as DatasetError: error.isPassing ? .stopped : .badInput
        case is ExportError: .badInput
        case TensorsError.blasUnavailable, TensorsError.lapackUnavailable, TensorsError.lapackFailed: .failed
        case let error as TensorsError: error.isPassing ? .stopped : .badInput
        case is GraphError: .failed
        default: nil
        }
    }

    private static func status(ofSweep error: SweepError) -> ExitStatus {
        switch error {
        case .tooManyThreads, .tooManyJobs, .badTimeLimit, .shortTimeLimit, .badDirective, .noSweep, .noTrial: .usage
        case .sweepBusy: .stopped
        case .missingTool, .toolFailed: .failed
        default: .badInput
        }
    }

    private static func status(ofReport error: ReportsError) -> ExitStatus {
        switch error {
        case .noRun, .unknownTable, .unknownBudget, .notAPage: .usage
        case .toolFailed: .failed
        default: .badInput
        }
    }

    private static func status(ofRun error: RunError) -> ExitStatus {
        switch error {
        case .runExists, .exportedGenerator, .otherFile, .noRun, .nothingToResume, .noCheckpointAtStep,
            .noBestCheckpoint, .strayCheckpoint:
            .usage
        case .notFinite: .failed
        case .runBusy: .stopped
        default: .badInput
        }
    }

    private static func status(ofTraining error: TrainingError) -> ExitStatus {
        switch error {
        case .alarm: .failed
        case .stoppedByFault: .stopped
        case .badData: error.isPassing ? .stopped : .badInput
        case .alreadyPast, .insideData: .usage
        case .configDiffers, .dataDiffer, .dataGone, .badRecording: .badInput
        }
    }

    private static func status(ofSampling error: SamplingError) -> ExitStatus {
        switch error {
        case .malformedExpression, .unknownLatent, .malformedAssignment, .latentExists, .badLabel, .unknownLabel,
            .gridTooLarge, .unknownOutput, .unknownAnimation, .unknownModel, .isModel, .folderNotEmpty, .notImages,
            .notOneImage, .noNeighbours,
            .notGrid, .badTruncation, .noSplit:
            .usage
        case .folderBusy: .stopped
        case .notFinite: .failed
        case .badLatent, .cannotSample, .cannotExport, .noGrids, .noStandingStatistics: .badInput
        }
    }
}

/// A command that continues its work when it is called again, so that a full disk only stops it.
protocol ResumableCommand {}

extension RunCommand: ResumableCommand {}
extension SweepRunCommand: ResumableCommand {}
extension SweepTrialCommand: ResumableCommand {}
extension TableCommand: ResumableCommand {}
extension ClassifierCommand.Train: ResumableCommand {}
