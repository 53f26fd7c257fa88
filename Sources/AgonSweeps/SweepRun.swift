import AgonConfiguration
import AgonRuns
import AgonTraining
import Foundation

/// What a sweep tells its user.
public enum SweepEvent: Sendable {
    /// The trials as they were found in the folder.
    case began(folder: String, [TrialStatus])
    case note(String)
    /// A trial began, went on, or ended.
    case trial(TrialStatus)
    /// Time has passed, about a quarter of a second.
    case tick
}

/// All trials of a sweep, run by make in their folders.
///
/// Nothing about the trials is held here alone: this process, make, or any trial may be killed at any time, and the
/// sweep goes on from the folders when it is run again.
public enum SweepRun {
    /// Tells trials which process to end with.
    static let variable = "AGON_SWEEP"

    /// Prepares the folder and runs what is missing, failed or changed.
    ///
    /// - Returns: where each trial stands, in their order.
    ///
    /// Throws `SweepError`, `RunError`, `TensorsError`. Failures of trials are no errors here.
    public static func run(
        _ sweep: Sweep, in folder: SweepFolder, options: SweepOptions, report: @escaping (SweepEvent) -> Void
    ) throws -> [TrialStatus] {
        try RunFolder.makeFolders(folder.path)
        let lock = try folder.lock()
        return try withExtendedLifetime(lock) {
            let left = try folder.prepare(sweep)
            for note in sweep.notes(left: left, in: folder) { report(.note(note)) }
            return try StopRequest.signals.listening {
                var session = try Session(folder, entries: TrialList(folder).entries, report: report)
                try session.run(options)
                return session.statuses
            }
        }
    }

    /// The trials of a sweep as their folders in `folder` say, in order; those that have none are waiting.
    public static func statuses(of sweep: Sweep, in folder: SweepFolder) -> [TrialStatus] {
        sweep.trials.map { TrialStatus(folder.trial($0.id), entry: sweep.entry(of: $0)) }
    }

    /// The trials of a prepared sweep as their folders say, in order.
    ///
    /// Throws `SweepError.noSweep`.
    public static func statuses(of folder: SweepFolder) throws -> [TrialStatus] {
        try TrialList(folder).entries.map { TrialStatus(folder.trial($0.id), entry: $0) }
    }
}

/// One call of make, and what its trials say.
private struct Session {
    private let folder: SweepFolder
    private let entries: [TrialList.Entry]
    private let report: (SweepEvent) -> Void
    private var current: [String: TrialStatus] = [:]

    init(_ folder: SweepFolder, entries: [TrialList.Entry], report: @escaping (SweepEvent) -> Void) throws {
        self.folder = folder
        self.entries = entries
        self.report = report
        for entry in entries { current[entry.id] = TrialStatus(folder.trial(entry.id), entry: entry) }
        report(.began(folder: folder.path, statuses))
    }

    var statuses: [TrialStatus] { entries.compactMap { current[$0.id] } }

    mutating func run(_ options: SweepOptions) throws {
        var arguments = ["make", "-s", "--no-print-directory", "-C", folder.path, "-j\(options.jobs)"]
        if !options.failsFast { arguments.append("-k") }
        arguments.append("THREADS=\(options.threads)")
        let make = try ChildProcess(arguments, environment: Self.environment)
        var asked: Int32 = 0
        while let lines = make.lines(within: 0.25) {
            for line in lines { take(line) }
            if StopRequest.signals.signal != asked {
                // Make hands it on to its jobs; a Ctrl-C has reached all of them already, and does no harm twice.
                asked = StopRequest.signals.signal
                make.send(SIGTERM)
            }
            report(.tick)
        }
        let ending = make.wait()
        for var status in statuses where status.state == .running {
            status.state = .died
            take(status)
        }
        // Trials that failed, and a stop, are told of by the trials themselves.
        if case .exited(let code) = ending, code == 0 || code == 2 { return }
        if case .killed = ending, asked != 0 { return }
        throw SweepError.toolFailed("make", reason: "\(ending)")
    }

    private static var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        // The sweep's own make is no part of one that may have started this program.
        for key in ["MAKEFLAGS", "MFLAGS", "GNUMAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "MAKEFILES"] {
            environment[key] = nil
        }
        environment[SweepRun.variable] = String(getpid())
        // The words by which make's complaints are known.
        environment["LC_ALL"] = "C"
        return environment
    }

    private mutating func take(_ status: TrialStatus) {
        current[status.id] = status
        report(.trial(status))
    }

    private mutating func take(_ line: String) {
        if let message = TrialMessage(line: line) { return take(TrialStatus(message)) }
        guard let complaint = MakeComplaint(line) else {
            if !line.isEmpty { report(.note(line)) }
            return
        }
        // A trial that ended without a word of its own.
        guard let id = complaint.trial, var status = current[id],
            status.state == .running || complaint.isStillborn(status.state)
        else { return }
        status.state = .died
        status.reason = "the process ended with '\(complaint.ending)'; it was killed, or crashed"
        status.log = FileManager.default.fileExists(atPath: folder.trial(id).logPath) ? folder.trial(id).logPath : nil
        take(status)
    }
}

/// A line of make about a job that did not succeed: `make: *** [Makefile:14: trials/ID/done] Error 75`.
private struct MakeComplaint {
    /// Nil where it is about the whole.
    var trial: String?
    var ending = ""

    init?(_ line: String) {
        guard line.hasPrefix("make: ") || line.hasPrefix("make[") else { return nil }
        if let start = line.range(of: "trials/"), let end = line.range(of: "/done] ") {
            guard start.upperBound < end.lowerBound, line.contains("*** [") else { return nil }
            trial = String(line[start.upperBound..<end.lowerBound])
            ending = String(line[end.upperBound...])
            return
        }
        let known = ["not remade because of errors", "Waiting for unfinished jobs", "*** [", "Terminated", "Interrupt"]
        guard known.contains(where: line.contains) else { return nil }
    }

    /// Whether the process ended before it could say anything.
    func isStillborn(_ state: TrialStatus.State) -> Bool {
        state == .waiting && !ending.hasPrefix("Error 75") && ending != "Terminated" && ending != "Interrupt"
    }
}
