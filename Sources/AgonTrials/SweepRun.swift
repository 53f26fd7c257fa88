import AgonDatasets
import AgonRuns
import AgonSweeps
import AgonTraining
import Foundation

/// A message of a sweep to its user.
public enum SweepEvent: Sendable {
    /// The initial state of the trials in the folder.
    case began(folder: String, [TrialStatus])
    case note(String)
    /// A trial began, progressed or ended.
    case trial(TrialStatus)
    /// Sent about every quarter of a second.
    case tick
}

/// Runs all trials of a sweep in their folders, using make.
///
/// All state of the trials is in their folders. This process, make or any trial may be killed at any time; the sweep
/// resumes from the folders when it is run again.
public enum SweepRun {
    /// The environment variable with the process ID of the sweep; trials end when that process ends.
    static let variable = "AGON_SWEEP"

    /// Where the trials of a sweep look for data if this process is one of its jobs.
    static var searchPath: DataSearchPath {
        let folder = ProcessInfo.processInfo.environment[SweepMakefile.dataVariable].flatMap { $0.isEmpty ? nil : $0 }
        return .standard(dataFolder: folder)
    }

    /// Prepares the folder and runs the trials that are missing, failed or changed.
    ///
    /// - Returns: the status of each trial, in order.
    ///
    /// Throws `SweepError`, `RunError`, `TensorsError`. Failed trials do not make it throw.
    public static func run(
        _ sweep: Sweep, in folder: SweepFolder, options: SweepOptions, report: @escaping (SweepEvent) -> Void
    ) throws -> [TrialStatus] {
        try RunFolder.makeFolders(folder.path)
        let lock = try folder.lock()
        return try withExtendedLifetime(lock) {
            let left = try folder.prepare(sweep)
            for note in sweep.notes(left: left, in: folder) { report(.note(note)) }
            let searchPath = options.dataFolder.map { .standard(dataFolder: $0) } ?? Self.searchPath
            let data = try TrialData(TrialList(folder), searchPath: searchPath)
            if !options.acceptsChangedData { try data.reopen(in: folder) }
            let open = sweep.trials.filter { trial in
                !TrialStatus(folder.trial(trial.id), entry: TrialList.Entry(trial)).state.isFinal
            }
            for fault in data.faults(of: open) { report(.note(fault)) }
            return try StopRequest.signals.listening {
                var session = try Session(folder, entries: TrialList(folder).entries, report: report)
                try session.run(options)
                return session.statuses
            }
        }
    }

    /// The status of each trial of a sweep according to its folder in `folder`, in order; a trial without a folder is
    /// waiting.
    public static func statuses(of sweep: Sweep, in folder: SweepFolder) -> [TrialStatus] {
        let data = TrialData(TrialList(sweep))
        let resumesPruned = folder.resumesPruned(of: sweep)
        return sweep.trials.map {
            TrialStatus(
                folder.trial($0.id), entry: TrialList.Entry($0), resumesPruned: resumesPruned, change: data.change)
        }
    }

    /// Marks the targets of completed trials whose data have changed as out of date, so that make runs these trials
    /// again; they reject or accept the changes.
    ///
    /// - Returns: how many trials it marked.
    ///
    /// Throws `SweepError.noSweep`, `ConfigError`, `TensorsError.cannotWrite`.
    public static func checkData(of folder: SweepFolder) throws -> Int {
        let list = try TrialList(folder)
        return try TrialData(list).reopen(in: folder)
    }

    /// The status of each trial of a prepared sweep according to its folder, in order.
    ///
    /// Throws `SweepError.noSweep`.
    public static func statuses(of folder: SweepFolder) throws -> [TrialStatus] {
        let list = try TrialList(folder)
        let data = TrialData(list)
        return list.entries.map { TrialStatus(folder.trial($0.id), entry: $0, change: data.change) }
    }
}

/// One call of make and the messages of its trials.
private struct Session {
    private let folder: SweepFolder
    private let entries: [TrialList.Entry]
    private let report: (SweepEvent) -> Void
    private var current: [String: TrialStatus] = [:]
    /// The trials that sent a message.
    private var reported: Set<String> = []
    /// The last message of make itself.
    private var complaint: String?

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
        // Just before this.
        arguments.append("CHECKED=1")
        if options.acceptsChangedData { arguments.append("ACCEPT_CHANGED_DATA=1") }
        let make = try ChildProcess(arguments, environment: Self.environment(options))
        var asked: Int32 = 0
        while true {
            // Ended processes are determined before their last messages are read.
            let gone = statuses.filter { $0.state == .running && $0.process.map { !ChildProcess.exists($0) } ?? false }
            guard let lines = make.lines(within: 0.25) else { break }
            for line in lines { take(line) }
            if lines.isEmpty {
                for status in gone where current[status.id]?.state == .running { takeDeath(of: status.id) }
            }
            if StopRequest.signals.signal != asked {
                // Make forwards SIGTERM to its jobs. Ctrl-C has already reached them; a second signal is harmless.
                asked = StopRequest.signals.signal
                make.send(SIGTERM)
            }
            report(.tick)
        }
        let ending = make.wait()
        for status in statuses where status.state == .running { takeDeath(of: status.id) }
        switch ending {
        case .exited(0): return
        case .killed where asked != 0: return
        case .exited(2) where asked != 0: return
        case .exited(2) where !reported.isEmpty:
            // With -k, make tries every trial: one that is not final and sent no message ended too early to send one.
            if !options.failsFast {
                for status in statuses where !status.state.isFinal && !reported.contains(status.id) {
                    takeDeath(of: status.id)
                }
            }
            if statuses.contains(where: { reported.contains($0.id) && !$0.state.isFinal }) { return }
        default: break
        }
        throw SweepError.toolFailed("make", reason: complaint ?? "\(ending)")
    }

    private static func environment(_ options: SweepOptions) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment
        // The sweep's make must be independent of a make that may have started this program.
        for key in ["MAKEFLAGS", "MFLAGS", "GNUMAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "MAKEFILES"] {
            environment[key] = nil
        }
        environment[SweepRun.variable] = String(getpid())
        if let folder = options.absoluteDataFolder { environment[SweepMakefile.dataVariable] = folder }
        return environment
    }

    private mutating func take(_ status: TrialStatus) {
        current[status.id] = status
        report(.trial(status))
    }

    private mutating func take(_ line: String) {
        if let status = TrialStatus(message: line) {
            reported.insert(status.id)
            return take(status)
        }
        // Make repeats failures that the trials report themselves. Its last message is used only if no trial sent one.
        if line.hasPrefix("make: ") || line.hasPrefix("make[") {
            complaint = line.split(separator: ": ", maxSplits: 1).last.map(String.init)
        } else if !line.isEmpty {
            report(.note(line))
        }
    }

    /// Records that the process of a trial ended without a message.
    private mutating func takeDeath(of id: String) {
        guard var status = current[id] else { return }
        reported.insert(id)
        status.state = .died
        status.reason = "the process ended without a message; it was killed or it crashed"
        status.log = FileManager.default.fileExists(atPath: folder.trial(id).logPath) ? folder.trial(id).logPath : nil
        take(status)
    }
}
