import AgonConfiguration
import AgonDatasets
import AgonRuns
import AgonScoring
import AgonSweeps
import AgonTestSupport
import AgonTraining
import AgonTrials
import Foundation
import Testing

/// What a sweep is said to take before it is run.
@Suite struct SweepPlanTests {
    let folder: TemporaryFolder
    private let noData = DataSearchPath(roots: [], manifestFolders: [], fetchFolder: "/nowhere")

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.write(TinyExperiment.text, to: "tiny.json")
    }

    private func plan(
        _ body: String, seconds: Double = 0.01, measures: Bool = true, jobs: Int = 2, speeds: String = "speeds",
        _ progress: (String) -> Void = { _ in }
    ) throws -> SweepPlan {
        let sweep = try Sweep(file: folder.write(#"{"name": "s", "base": "tiny.json", \#(body)}"#, to: "sweep.json"))
        return try SweepPlan(
            sweep, folder: SweepFolder(path: folder.path + "/Sweeps/s"),
            options: SweepOptions(jobs: jobs, threads: 1, cores: jobs), seconds: seconds, measures: measures,
            searchPath: noData, speeds: folder.path + "/" + speeds, progress: progress)
    }

    /// A larger batch in the last stage takes more memory, and a third of the steps as many operations more.
    @Test func stagesCountByTheirSteps() throws {
        // In one plan, as the memory of the program itself grows between plans.
        let trials = try plan(
            #"""
            "axes": [{"name": "form", "cases": [
              {"name": "small", "set": {"batchSize": 8}}, {"name": "large", "set": {"batchSize": 32}},
              {"name": "staged", "set": {"batchSize": 8, "stages": [{"from": 16, "set": {"batchSize": 32}}]}}]}]
            """#, measures: false
        ).trials
        try #require(trials.count == 3)
        let operations = try trials.map { try #require($0.floatingPointOperations) }
        #expect(operations[2] == (2 * operations[0] + operations[1]) / 3)
        #expect(trials[2].memory == trials[1].memory && trials[2].memory != trials[0].memory)
    }

    @Test func planSaysWhatIsToCome() throws {
        var measured: [String] = []
        let body = #""axes": [{"path": "batchSize", "values": [8, 16]}], "seeds": [1, 2]"#
        let plan = try plan(body) { measured.append($0) }
        // Seeds share a speed.
        #expect(measured == ["measuring batchSize=8", "measuring batchSize=16"])
        #expect(plan.trials.count == 4 && plan.trials.allSatisfy { $0.stepsLeft == 24 && !$0.isEstimated })
        let operations = plan.trials.map { $0.floatingPointOperations ?? 0 }
        #expect(operations[0] > 10_000 && operations[2] > operations[0] && operations[0] == operations[1])
        let left = plan.trials.compactMap(\.secondsLeft)
        #expect(left.count == 4 && left.allSatisfy { $0 > 0 })
        // Two jobs take the four trials in turn.
        let total = try #require(plan.secondsLeft)
        #expect(total >= left.reduce(0, +) / 2 * 0.999 && total <= left.reduce(0, +))
        #expect(plan.operationsLeft == Double(24 * operations.reduce(0, +)))
        #expect(plan.diskNeeded == plan.trials.reduce(0) { $0 + $1.disk } && plan.diskNeeded > 10_000)
        #expect(plan.text.contains("s: 4 trials, 4 to run; "), "\(plan.text)")
        #expect(plan.text.contains("2 jobs of 1 thread: about "))
        // What was measured is remembered.
        measured = []
        #expect(try self.plan(body) { measured.append($0) }.secondsLeft == total)
        #expect(measured.isEmpty)
    }

    @Test func diskIsThatOfARun() throws {
        let plan = try plan(#""seeds": [1]"#)
        let run = folder.path + "/run"
        _ = try TrainingRun.run(try TinyExperiment.load("seed=1"), options: TinyExperiment.options(run))
        let real = DiskUse.bytes(below: run)
        let planned = try #require(plan.trials.first).disk
        // Files take whole blocks on the disk, and run.json and the config come on top; all are small here.
        #expect(planned > real / 8 && planned < 8 * real, "\(planned) and \(real) bytes")
    }

    @Test func expensiveTrialsAreEstimatedFromCheaperOnes() throws {
        var measured: [String] = []
        let plan = try plan(
            #""axes": [{"path": "batchSize", "values": [64, 8]}]"#, seconds: 1e-9
        ) { measured.append($0) }
        #expect(measured == ["measuring batchSize=8"])
        #expect(plan.trials.map(\.isEstimated) == [true, false])
        let (expensive, cheap) = (plan.trials[0], plan.trials[1])
        let ratio = Double(expensive.floatingPointOperations ?? 0) / Double(cheap.floatingPointOperations ?? 1)
        #expect(abs((cheap.stepsPerSecond ?? 0) / (expensive.stepsPerSecond ?? 1) / ratio - 1) < 1e-9)
        #expect(plan.text.contains("  ~") && plan.text.contains("\n~ estimated from "), "\(plan.text)")
        #expect(plan.node["trials"]?.array?.first?["estimated"]?.boolean == true)
    }

    @Test func slurmAsksForWhatTheLargestTrialNeeds() throws {
        let body = #""axes": [{"path": "batchSize", "values": [8, 16]}]"#
        let plan = try plan(body)
        var layout = BatchJobs.Slurm()
        layout.pack = 3
        let notes = layout.request(plan)
        let memory = try #require(plan.trials.map(\.memory).max()) * 5 / 4
        let asked = try #require(layout.memory.flatMap { Int($0.dropLast()) })
        #expect(layout.memory?.hasSuffix("M") == true && asked % 256 == 0)
        #expect(asked << 20 >= memory && (asked - 256) << 20 < memory, "\(asked) MB for \(memory) bytes")
        // A few seconds of training.
        #expect(layout.timeLimit == "00:10:00")
        #expect(notes.count == 1 && notes[0].hasPrefix("--mem=\(asked)M and --time=00:10:00: planned "), "\(notes)")

        // What the user sets stays.
        (layout.memory, layout.timeLimit) = ("4G", nil)
        layout.directives = ["--time=30"]
        let none = layout.request(plan)
        #expect(none.isEmpty && layout.memory == "4G" && layout.timeLimit == nil)

        // Evaluations during training take memory that no plan knows.
        var evaluated = BatchJobs.Slurm()
        let second = try self.plan(body + #", "set": {"evaluate": {"every": 12}}"#, measures: false)
        _ = evaluated.request(second)
        let more = try #require(second.trials.map(\.memory).max()) * 5 / 4 + (1 << 30)
        let askedNow = try #require(evaluated.memory.flatMap { Int($0.dropLast()) })
        #expect(askedNow << 20 >= more)
    }

    @Test func speedsThatAreNotMeasuredAreUnknown() throws {
        let plan = try plan(#""seeds": [1, 2]"#, measures: false) { Issue.record("\($0)") }
        #expect(plan.secondsLeft == nil && plan.trials.allSatisfy { $0.memory > 0 })
        var layout = BatchJobs.Slurm()
        let notes = layout.request(plan)
        #expect(layout.memory != nil && layout.timeLimit == nil)
        #expect(
            notes.last == "the time of 2 trials is unknown, so the script sets no time limit; give one with --time",
            "\(notes)")
    }

    @Test func foldersThatAreNotThereAreNamed() {
        let text = message {
            _ = try plan(#""set": {"dataset": {"name": "folder", "path": "/nowhere"}}, "seeds": [1, 2]"#)
        }
        #expect(text == "/nowhere: cannot be read: no such folder")
    }
}
