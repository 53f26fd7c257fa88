import AgonConfiguration
import AgonRuns
import AgonScoring
import AgonTestSupport
import Foundation
import Testing

@testable import AgonSweeps
@testable import AgonTraining
@testable import AgonTrials

/// Trials run in this process.
@Suite struct SweepTrialTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A sweep over seeds of the tiny experiment, prepared.
    private func prepared(_ more: String = "", seeds: String = "[1, 2]") throws -> (Sweep, SweepFolder) {
        _ = try folder.write(TinyExperiment.text, to: "tiny.json")
        let body = #"{"name": "s", "base": "tiny.json", "seeds": \#(seeds) \#(more)}"#
        let sweep = try Sweep(file: try folder.write(body, to: "sweep.json"))
        let place = SweepFolder(path: folder.path + "/Sweeps/s")
        try place.prepare(sweep)
        return (sweep, place)
    }

    /// A sweep of one trial on a folder of images, prepared.
    private func preparedPictures() throws -> (TinyPictures, Sweep, SweepFolder) {
        let pictures = try TinyPictures()
        _ = try folder.write(pictures.text, to: "tiny.json")
        let sweep = try Sweep(
            file: try folder.write(#"{"name": "s", "base": "tiny.json", "seeds": [1]}"#, to: "sweep.json"))
        let place = SweepFolder(path: folder.path + "/Sweeps/s")
        try place.prepare(sweep)
        return (pictures, sweep, place)
    }

    private func run(_ trial: TrialFolder, _ lines: (String) -> Void = { _ in }) throws -> TrialStatus.State {
        try withoutActuallyEscaping(lines) { say in
            try TrialRun(path: trial.path, reportsEvery: 0, ownsProcess: false, say: say).run(threads: 1)
        }
    }

    private func statuses(_ place: SweepFolder) throws -> [TrialStatus.State] {
        try SweepRun.statuses(of: place).map(\.state)
    }

    @Test func trialIsARunWithAStamp() throws {
        let (sweep, place) = try prepared()
        #expect(try statuses(place) == [.waiting, .waiting])
        let trial = place.trial(sweep.trials[0].id)
        var lines: [String] = []
        // A record that cannot be read is not that of a trial that waits.
        try "{".write(toFile: trial.run.recordPath, atomically: true, encoding: .utf8)
        let damaged = try #require(try SweepRun.statuses(of: place).first)
        #expect(damaged.state == .failed && damaged.reason == "\(trial.run.recordPath) cannot be read")
        unlink(trial.run.recordPath)
        #expect(try run(trial) { lines.append($0) } == .done)
        #expect(lines.first == "\(trial.id)  seed=1  step 0/24")
        #expect(
            lines.contains { $0.hasPrefix("\(trial.id)  seed=1  step 12/24  loss") && $0.hasSuffix("left") }, "\(lines)"
        )
        #expect(lines.last == "\(trial.id)  seed=1  done  step 24/24  0 s")
        #expect(try statuses(place) == [.done, .waiting])
        // The bytes of a run without a sweep.
        let alone = folder.path + "/alone"
        _ = try TrainingRun.run(try TinyExperiment.load("seed=1"), options: TinyExperiment.options(alone))
        let name = "/checkpoints/step-0000024.safetensors"
        let expected = try #require(bytes(alone + name))
        #expect(bytes(trial.path + name) == expected)
        // Again, nothing is left to do.
        let log = bytes(trial.logPath)
        #expect(try run(trial) == .done)
        #expect(bytes(trial.logPath) == log)
    }

    @Test(arguments: ["", #"{"sta"#]) func trialsWithADamagedStampRunAgain(stamp: String) throws {
        let (sweep, place) = try prepared()
        let trials = sweep.trials.map { place.trial($0.id) }
        for trial in trials { #expect(try run(trial) == .done) }
        try stamp.write(toFile: trials[0].donePath, atomically: true, encoding: .utf8)
        try FileManager.default.removeItem(atPath: trials[1].donePath)
        try FileManager.default.createDirectory(atPath: trials[1].donePath, withIntermediateDirectories: true)
        #expect(try SweepRun.checkData(of: place) == 0)
        // Make would take the files for those of finished trials.
        for trial in trials { #expect(!FileManager.default.fileExists(atPath: trial.donePath)) }
        for trial in trials { #expect(try run(trial) == .done) }
        #expect(try statuses(place) == [.done, .done])
    }

    /// Nothing has moved where no data were ever found.
    @Test func missingDataOfANewTrialHaveNotMoved() throws {
        let (sweep, place) = try prepared(#", "set": {"dataset": {"name": "folder", "path": "nowhere"}}"#, seeds: "[1]")
        let trial = place.trial(sweep.trials[0].id)
        #expect(throws: TrialError.self) { _ = try run(trial) }
        let reason = try #require(try SweepRun.statuses(of: place).first?.reason)
        #expect(reason.contains("nowhere") && !reason.contains("--resume"), "\(reason)")
    }

    @Test func failedTrialSaysWhyAndStaysOpen() throws {
        let (sweep, place) = try prepared(#", "set": {"optimizer.learningRate": 1e38}"#, seeds: "[1]")
        let trial = place.trial(sweep.trials[0].id)
        var lines: [String] = []
        #expect(throws: TrialError.self) { _ = try run(trial) { lines.append($0) } }
        let status = try #require(try SweepRun.statuses(of: place).first)
        #expect(status.state == .failed)
        #expect(status.reason?.contains("training was stopped") == true, "\(status.reason ?? "")")
        #expect(status.log == trial.logPath)
        #expect(
            lines.last?.contains("failed") == true && lines.last?.hasSuffix("log: \(trial.logPath)") == true, "\(lines)"
        )
        #expect(!FileManager.default.fileExists(atPath: trial.donePath))
        let summary = SweepSummary(folder: place.path, [status])
        #expect(summary.counts == "1 failed" && !summary.isComplete)
    }

    @Test func missingDataFailATrialBeforeItsFirstStep() throws {
        let (sweep, place) = try prepared(
            #", "set": {"dataset": {"name": "folder", "path": "/nowhere"}}"#, seeds: "[1]")
        #expect(throws: TrialError.self) { _ = try run(place.trial(sweep.trials[0].id)) }
        let status = try #require(try SweepRun.statuses(of: place).first)
        #expect(status.state == .failed && status.step == 0)
        #expect(status.reason?.contains("/nowhere") == true, "\(status.reason ?? "")")
    }

    @Test func missingDataShowBeforeASweepBegins() throws {
        let missing = #"{"name": "folder", "path": "/nowhere"}"#
        let (sweep, place) = try prepared(
            #", "axes": [{"path": "dataset", "values": [{"name": "gaussians-8"}, \#(missing)]}]"#)
        let data = try TrialData(TrialList(place))
        let faults = data.faults(of: sweep.trials)
        #expect(faults.count == 1 && faults[0].hasPrefix("2 of 4 trials cannot be trained: "), "\(faults)")
        #expect(faults[0].contains("/nowhere"), "\(faults)")
        #expect(data.faults(of: []).isEmpty)
    }

    @Test func onlyChangedConfigsAreWrittenAgain() throws {
        let (sweep, place) = try prepared()
        let path = place.trial(sweep.trials[0].id).run.configPath
        let before = try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
        try place.prepare(sweep)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int == before)
        let (_, again) = try prepared(seeds: "[2, 3]")
        #expect(try TrialList(again).entries.map(\.label) == ["seed=2", "seed=3"])
        #expect(try again.prepare(sweep).count == 1)
    }

    @Test func trialsAreNotTrainedAgainForOtherSamples() throws {
        let (sweep, place) = try prepared(seeds: "[1]")
        let trial = place.trial(sweep.trials[0].id)
        #expect(try run(trial) == .done)
        let log = bytes(trial.logPath)
        let (_, again) = try prepared(#", "set": {"samples.every": 3}"#, seeds: "[1]")
        #expect(try TrialList(again).entries.map(\.id) == [trial.id])
        #expect(try ConfigNode.load(path: trial.run.configPath)["samples"]?["every"]?.integer == 3)
        #expect(try run(trial) == .done)
        #expect(bytes(trial.logPath) == log)
    }

    @Test func trialsUnderFormerNamesGoOn() throws {
        let (sweep, place) = try prepared()
        let trials = sweep.trials.map { place.trial($0.id) }
        #expect(try run(trials[0]) == .done)
        let log = bytes(trials[0].logPath)
        // As another version named it, and one of another config.
        let former = place.trial("0123456789ab")
        try FileManager.default.moveItem(atPath: trials[0].path, toPath: former.path)
        let other = place.trial("ba9876543210")
        try FileManager.default.createDirectory(atPath: other.path, withIntermediateDirectories: true)
        try TinyExperiment.load("batchSize=4").resolved.prettyText.write(
            toFile: other.run.configPath, atomically: true, encoding: .utf8)
        #expect(try place.prepare(sweep) == [other.id])
        #expect(try statuses(place) == [.done, .waiting])
        #expect(try run(trials[0]) == .done)
        #expect(bytes(trials[0].logPath) == log)
    }

    /// Trials are named by their configs, which do not say what files hold.
    @Test func aTrialOfOtherImagesIsNotDone() throws {
        let (pictures, sweep, place) = try preparedPictures()
        let trial = place.trial(sweep.trials[0].id)
        #expect(try run(trial) == .done)
        #expect(try statuses(place) == [.done])

        try pictures.write(2, seed: 1)
        #expect(try statuses(place) == [.failed])
        #expect(SweepRun.statuses(of: sweep, in: place).first?.reason?.contains("its data have changed") == true)
        // Make goes by the times of files.
        try TrialData(TrialList(place)).reopen(in: place)
        let times = try [trial.donePath, trial.run.configPath].map {
            try FileManager.default.attributesOfItem(atPath: $0)[.modificationDate] as? Date ?? .distantFuture
        }
        #expect(times[0] < times[1])
        #expect(throws: TrialError.self) { _ = try run(trial) }
        #expect(try statuses(place) == [.failed])

        // With the former images it is done again.
        try pictures.write(2)
        var lines: [String] = []
        #expect(try run(trial) { lines.append($0) } == .done)
        #expect(lines.count == 1 && lines[0].contains("done"), "\(lines)")
        #expect(try statuses(place) == [.done])

        // Results of earlier images are kept if the user says so.
        try pictures.write(2, seed: 1)
        let accepting = try TrialRun(
            path: trial.path, reportsEvery: 0, ownsProcess: false, acceptsChangedData: true, say: { _ in })
        #expect(try accepting.run(threads: 1) == .done)
        #expect(try statuses(place) == [.done] && trial.run.record?.data.map(\.since) == [0, 24])
    }

    /// Make alone knows only times, so its makefile looks at the data first.
    @Test func makeNoticesOtherImages() throws {
        let (pictures, sweep, place) = try preparedPictures()
        let trial = place.trial(sweep.trials[0].id)
        #expect(try make(place).code == 0)
        #expect(try statuses(place) == [.done])
        let again = try make(place)
        #expect(again.code == 0 && again.text.contains("Nothing to be done for 'all'"), "\(again.text)")

        try pictures.write(2, seed: 1)
        let changed = try make(place)
        #expect(changed.code == 2 && changed.text.contains("its data have changed"), "\(changed.text)")
        #expect(changed.text.contains("note: the data of 1 completed trial have changed"), "\(changed.text)")
        #expect(try statuses(place) == [.failed])
        #expect(try make(place, ["ACCEPT_CHANGED_DATA=1"]).code == 0)
        #expect(try statuses(place) == [.done] && trial.run.record?.data.map(\.since) == [0, 24])
        // Make starts nothing if the check cannot be made.
        #expect(try make(place, ["AGON=/nowhere"]).code == 2)
    }

    @Test func makeRunsATrialWhoseFolderWasDeletedAgain() throws {
        let (sweep, place) = try prepared(seeds: "[1, 2]")
        #expect(try make(place).code == 0)
        let config = bytes(place.trial(sweep.trials[0].id).run.configPath)
        let other = bytes(place.trial(sweep.trials[1].id).logPath)
        try FileManager.default.removeItem(atPath: place.trial(sweep.trials[0].id).path)
        #expect(try statuses(place) == [.waiting, .done])
        let again = try make(place)
        #expect(again.code == 0, "\(again.text)")
        #expect(try statuses(place) == [.done, .done])
        #expect(bytes(place.trial(sweep.trials[0].id).run.configPath) == config)
        #expect(bytes(place.trial(sweep.trials[1].id).logPath) == other)
        #expect(try make(place).text.contains("Nothing to be done for 'all'"))

        // A sweep that would now give other trials gives this one no longer.
        try FileManager.default.removeItem(atPath: place.trial(sweep.trials[0].id).path)
        try TinyExperiment.load("batchSize=4").resolved.prettyText.write(
            toFile: folder.path + "/tiny.json", atomically: true, encoding: .utf8)
        let failed = try make(place)
        #expect(failed.code == 2 && failed.text.contains("the configs of its sweep have changed"), "\(failed.text)")
    }

    /// Calls make as users do, with the built program.
    private func make(_ place: SweepFolder, _ variables: [String] = []) throws -> (code: Int32, text: String) {
        let program = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path + "/agon"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["AGON=\(program)", "make", "-C", place.path, "THREADS=1"] + variables
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    @Test func medianRuleEndsATrialAndSaysSo() throws {
        let rule = #", "stop": {"metric": "loss.generator", "goal": "minimize", "grace": 6, "trials": 2}"#
        let (sweep, place) = try prepared(rule, seeds: "[1, 2, 3]")
        let trials = sweep.trials.map { place.trial($0.id) }
        for trial in trials.prefix(2) {
            try FileManager.default.createDirectory(atPath: trial.path, withIntermediateDirectories: true)
            // Two finished trials that were better than any can be.
            let lines = (1...12).map { #"{"step": \#($0 * 2), "loss.generator": -100}"# }
            try (lines.joined(separator: "\n") + "\n").write(
                toFile: trial.run.metricsPath, atomically: true, encoding: .utf8)
            try #"{"state": "done"}"#.write(toFile: trial.donePath, atomically: true, encoding: .utf8)
        }
        #expect(try run(trials[2]) == .pruned)
        let status = try #require(try SweepRun.statuses(of: place).last)
        #expect(status.state == .pruned && status.step == 6)
        #expect(
            status.reason?.hasSuffix("by step 6; the median of 2 finished trials is -100") == true,
            "\(status.reason ?? "")")
        let record = try ConfigNode.load(path: trials[2].run.recordPath)
        #expect(record["state"]?.string == "pruned" && record["reason"]?.string == status.reason)
        #expect(try trials[2].run.checkpointSteps.last == 6)
        // It is not run again.
        #expect(try run(trials[2]) == .pruned)
        // Another rule, or none, does not end it here: it goes on from its checkpoint.
        for other in [rule.replacing("6", with: "20"), ""] {
            let body = #"{"name": "s", "base": "tiny.json", "seeds": [1, 2, 3] \#(other)}"#
            let changed = try Sweep(file: try folder.write(body, to: "other.json"))
            #expect(SweepRun.statuses(of: changed, in: place).map(\.state) == [.done, .done, .stopped])
            let plan = try SweepPlan(
                changed, folder: place, options: SweepOptions(jobs: 1, threads: 1, cores: 1), measures: false,
                searchPath: .standard(), speeds: folder.path + "/speeds")
            #expect(plan.trials.map(\.stepsLeft) == [0, 0, 18])
        }
        #expect(SweepRun.statuses(of: sweep, in: place).map(\.state) == [.done, .done, .pruned])
        // Also where the command line leaves the trial out at first.
        let stamp = try folder.text("Sweeps/s/trials/\(trials[2].id)/done")
        for overrides in [["seeds=[1]"], []] {
            let body = #"{"name": "s", "base": "tiny.json", "seeds": [1, 2, 3] \#(rule.replacing("6", with: "20"))}"#
            let changed = try Sweep(file: try folder.write(body, to: "changed.json"), overrides: overrides)
            try place.prepare(sweep)
            try stamp.write(toFile: trials[2].donePath, atomically: true, encoding: .utf8)
            try place.prepare(changed)
            #expect(!FileManager.default.fileExists(atPath: trials[2].donePath))
        }
        try place.prepare(sweep)
        try stamp.write(toFile: trials[2].donePath, atomically: true, encoding: .utf8)
        try place.prepare(Sweep(file: folder.path + "/other.json"))
        let resumed = try #require(try SweepRun.statuses(of: place).last)
        #expect(resumed.state == .stopped && resumed.step == 6 && resumed.reason == nil)
        #expect(try run(trials[2]) == .done)
        // A rule that can never end a trial is reported.
        let (idle, idlePlace) = try prepared(rule.replacing("loss.generator", with: "loss.other"), seeds: "[4]")
        let only = idlePlace.trial(idle.trials[0].id)
        #expect(try run(only) == .done)
        #expect(
            try SweepRun.statuses(of: idlePlace).last?.reason == "the sweep's rule found no 'loss.other' to compare")
        // Not of one that had ended before, but for its stamp.
        let (ended, endedPlace) = try prepared(rule.replacing("generator", with: "discriminator"), seeds: "[5]")
        let last = endedPlace.trial(ended.trials[0].id)
        #expect(try run(last) == .done)
        unlink(last.donePath)
        #expect(try run(last) == .done)
        #expect(try SweepRun.statuses(of: endedPlace).last?.reason == nil)
        // A trial that the sweep does not have.
        #expect(
            message { _ = try run(TrialFolder(path: place.path + "/trials/0123")) }.contains(
                "not the folder of a trial"))
    }

    /// The rule reads evaluations.jsonl: the copies in metrics.jsonl may say what they want.
    @Test(arguments: [true, false])
    func medianRuleComparesEvaluationsOfOneIdentity(isAlike: Bool) throws {
        let (sweep, place) = try prepared(
            """
            , "set": {"evaluate": {"every": 2, "metrics": ["modes"], "modeSamples": 10}},
            "stop": {"metric": "metric.modes", "grace": 6, "trials": 1}
            """)
        let (first, second) = (place.trial(sweep.trials[0].id), place.trial(sweep.trials[1].id))
        #expect(try run(first) == .done)
        let values = first.run.evaluations.filter { $0.metric == "modes" }
        #expect(values.map(\.step) == Array(stride(from: 2, through: 24, by: 2)))
        // More modes than there are, measured in the same way or in another.
        let rewritten = values.map { value in
            var names = value.identity.node.object ?? [:]
            if !isAlike { names["latentSeed"] = 5 }
            return EvaluationValue(step: value.step, metric: "modes", value: 9, identity: EvaluationIdentity(names))
        }
        unlink(first.run.evaluationsPath)
        try first.run.record(rewritten)
        #expect(try run(second) == (isAlike ? .pruned : .done))
        #expect(try SweepRun.statuses(of: place)[1].step == (isAlike ? 6 : 24))
    }

    @Test func stampsOfEarlierVersionsAreRead() throws {
        let (sweep, place) = try prepared()
        let trial = place.trial(sweep.trials[0].id)
        #expect(trial.stamp?.state == nil && trial.failure == nil)
        try #"{"state": "pruned", "step": 6, "reason": "worse", "config": "abc"}"#.write(
            toFile: trial.donePath, atomically: true, encoding: .utf8)
        let stamp = try #require(trial.stamp)
        #expect(stamp.state == .pruned && stamp.step == 6 && stamp.reason == "worse")
        try trial.write(stamp)
        #expect(trial.stamp?.node == stamp.node)
        #expect(stamp.node.object?.keys == ["state", "step", "reason"])
        try "{}".write(toFile: trial.donePath, atomically: true, encoding: .utf8)
        #expect(trial.stamp?.state == .done)
        try trial.write(failure: "no data")
        #expect(trial.failure == "no data")
    }
}
