import AgonConfiguration
import AgonDatasets
import AgonDiagnostics
import AgonRuns
import AgonTensors
import AgonText
import AgonTraining
import Foundation

/// What a sweep is going to take: its trials, and for each the arithmetic, the time left and the disk.
public struct SweepPlan: Sendable {
    public struct Trial: Sendable {
        public let trial: SweepTrial
        public let status: TrialStatus
        /// Of one step; nil where the networks could not be built.
        public var floatingPointOperations: Int?
        /// Nil where it could not be measured.
        public var stepsPerSecond: Double?
        /// Whether the speed was not measured but reckoned by the arithmetic from that of a cheaper trial.
        public var isEstimated = false
        /// Whether the speed is that of a whole training, with its evaluations.
        fileprivate var isTrained = false
        /// Bytes that the finished run takes, about.
        public var disk = 0
        /// Bytes of the process, as planned.
        public var memory = 0

        public var stepsLeft: Int {
            status.state.isFinal ? 0 : max(0, trial.experiment.configuration.steps - status.step)
        }

        fileprivate var operations: Int { floatingPointOperations ?? 0 }

        public var secondsLeft: Double? { stepsLeft == 0 ? 0 : stepsPerSecond.map { Double(stepsLeft) / $0 } }
    }

    /// The moments of measuring that a single step may take.
    private static let patience = 5.0

    public let name: String
    public let folder: String
    public let jobs: Int
    public let threads: Int
    public private(set) var trials: [Trial] = []
    /// Axes at which trials differ.
    public let differing: [String]
    public private(set) var notes: [String]
    /// Bytes free where the sweep goes.
    public let diskFree: Int?

    /// Inspects each different config, and measures its speed for a moment where that is not known yet: from a
    /// finished trial, or from an earlier plan. Where a step alone would take many such moments, its time is reckoned
    /// from its arithmetic and the rate of the next cheaper config.
    ///
    /// - Parameters:
    ///   - seconds: how long to measure a speed.
    ///   - speeds: the folder that keeps speeds; nil for the one in Agon's cache.
    ///   - progress: told what is going to be measured.
    ///
    /// Throws what building networks throws. Missing data are noted, but for folders of images, without which the
    /// networks' shapes are not known.
    public init(
        _ sweep: Sweep, folder: SweepFolder, options: SweepOptions, seconds: Double = 2,
        searchPath: DataSearchPath = .standard(), speeds speedsFolder: String? = nil,
        progress: (String) -> Void = { _ in }
    ) throws {
        name = sweep.configuration.name
        self.folder = folder.path
        jobs = options.jobs
        threads = options.threads
        notes = sweep.notes
        diskFree = Self.bytesFree(at: folder.path)
        differing = sweep.axes.enumerated().filter { index, _ in
            Set(sweep.trials.map { $0.settings[index].value.canonicalText }).count > 1
        }.map(\.element)
        try BLAS.open()
        let program = RunRecord.peakMemory
        let cache = SpeedCache(threads: options.threads, folder: speedsFolder ?? CacheFolder.path("speeds"))
        var costs: [String: TrialCost] = [:]
        var speeds: [String: Double] = [:]
        // Signatures of trials that are done and whose speed counts.
        var trained: Set<String> = []
        for trial in sweep.trials {
            let key = TrialCost.key(of: trial.experiment)
            let cost =
                try costs[key]
                ?? TrialCost(trial.experiment, searchPath: searchPath, threads: options.threads, program: program)
            costs[key] = cost
            let status = TrialStatus(folder.trial(trial.id), entry: sweep.entry(of: trial))
            if status.state == .done, let rate = folder.trial(trial.id).speed(threads: options.threads) {
                speeds[cost.signature] = rate
                trained.insert(cost.signature)
            }
            trials.append(
                Trial(
                    trial: trial, status: status, floatingPointOperations: cost.floatingPointOperations,
                    disk: cost.disk(of: trial.experiment.configuration), memory: cost.memory))
        }
        // Operations a second of the last config, by rising costs.
        var rate: Double?
        var estimates: Set<String> = []
        var unmeasured: Set<String> = []
        let byCost = trials.indices.sorted { trials[$0].operations < trials[$1].operations }
        for index in byCost {
            guard let cost = costs[TrialCost.key(of: trials[index].trial.experiment)] else { continue }
            let operations = Double(cost.floatingPointOperations)
            if speeds[cost.signature] == nil, trials[index].stepsLeft > 0, !unmeasured.contains(cost.signature) {
                let known = cache.speed(of: cost)
                if known == nil, let rate, operations / rate > Self.patience * seconds {
                    speeds[cost.signature] = rate / operations
                    estimates.insert(cost.signature)
                } else {
                    speeds[cost.signature] =
                        known ?? measure(trials[index].trial, cost, cache, seconds, searchPath, progress)
                }
            }
            if speeds[cost.signature] == nil { unmeasured.insert(cost.signature) }
            trials[index].stepsPerSecond = speeds[cost.signature]
            trials[index].isTrained = trained.contains(cost.signature)
            trials[index].isEstimated = estimates.contains(cost.signature)
            if let speed = speeds[cost.signature], operations > 0 { rate = speed * operations }
        }
        warn()
    }

    private mutating func measure(
        _ trial: SweepTrial, _ cost: TrialCost, _ cache: SpeedCache, _ seconds: Double,
        _ searchPath: DataSearchPath, _ progress: (String) -> Void
    ) -> Double? {
        let settings = trial.settings.filter { differing.contains($0.axis) && $0.axis != "seed" }
        let name = settings.isEmpty ? trial.base : SweepTrial.label(settings)
        progress("measuring \(name)")
        var options = TrainingOptions()
        options.threads = threads
        options.searchPath = searchPath
        do {
            let speed = try Benchmark(trial.experiment, seconds: seconds, options: options).stepsPerSecond
            cache.keep(speed, of: cost)
            return speed
        } catch {
            notes.append("the speed of \(name) is not known: \(error)")
            return nil
        }
    }

    private mutating func warn() {
        if let diskFree, diskNeeded > diskFree {
            notes.append(
                "the sweep may need \(SizeText.short(diskNeeded)) of disk, and \(SizeText.short(diskFree)) are free")
        }
        let memory = trials.map(\.memory).sorted(by: >).prefix(jobs).reduce(0, +)
        let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        if memory > physical {
            notes.append(
                "\(jobs) jobs may need \(SizeText.short(memory)) of memory, and the machine has "
                    + SizeText.short(physical))
        }
        let isTooShort = trials.contains {
            $0.stepsLeft > 0 && !$0.isTrained && !$0.trial.experiment.evaluations.isEmpty
        }
        if isTooShort { notes.append("the times are without the evaluations during training") }
    }

    /// Bytes that trials that are not done will take.
    public var diskNeeded: Int { trials.filter { !$0.status.state.isFinal }.reduce(0) { $0 + $1.disk } }

    /// Multiplications and additions that are left.
    public var operationsLeft: Double {
        trials.reduce(0) { $0 + Double($1.stepsLeft) * Double($1.floatingPointOperations ?? 0) }
    }

    /// Seconds until all are done, trials taken by the jobs in their order; nil where a speed is not known.
    public var secondsLeft: Double? {
        var ends = [Double](repeating: 0, count: max(1, min(jobs, trials.count)))
        for trial in trials {
            guard let seconds = trial.secondsLeft else { return nil }
            let next = ends.indices.min { ends[$0] < ends[$1] } ?? 0
            ends[next] += seconds
        }
        return ends.max()
    }

    private static func bytesFree(at path: String) -> Int? {
        let folders = FilePath.ancestry(of: SweepPaths.absolute(path))
        var status = statvfs()
        guard let folder = folders.first(where: { FileManager.default.fileExists(atPath: $0) }),
            statvfs(folder, &status) == 0
        else { return nil }
        let (bytes, overflow) = Int(status.f_bavail).multipliedReportingOverflow(by: Int(status.f_frsize))
        return overflow ? nil : bytes
    }
}

extension Sweep {
    func entry(of trial: SweepTrial) -> TrialList.Entry {
        TrialList.Entry(
            id: trial.id, settings: trial.settings, base: trial.base, steps: trial.experiment.configuration.steps)
    }
}

extension TrialFolder {
    /// The steps a second that a run made on as many threads.
    func speed(threads: Int) -> Double? {
        guard let record = run.record, record.threads == threads, record.resumes == 0 else { return nil }
        return record.stepsPerSecond
    }
}
