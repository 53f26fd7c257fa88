import AgonConfiguration
import AgonDatasets
import AgonScoring
import AgonTensors
import AgonTestSupport
import Foundation
import Testing

@testable import AgonExperiments
@testable import AgonRuns
@testable import AgonSampling
@testable import AgonSweeps
@testable import AgonTraining

/// Runs in folders.
@Suite struct TrainingTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func final(_ run: String) throws -> Data {
        try #require(bytes(run + "/checkpoints/step-0000024.safetensors"))
    }

    @discardableResult
    private func train(
        _ run: String, resumes: Bool = false, threads: Int = 1, _ overrides: [String] = [],
        stop: StopRequest = StopRequest(), report: @escaping (TrainingEvent) -> Void = { _ in }
    ) throws -> TrainingOutcome {
        let node = try ConfigNode.parse(TinyExperiment.text, file: "tiny.json").applying(overrides)
        var options = TinyExperiment.options(run, resumes: resumes, threads: threads)
        options.stop = stop
        return try TrainingRun.run(Experiment(node), options: options, report: report)
    }

    /// Trains until the step, then stops as on a signal.
    private func interrupt(_ run: String, after step: Int, resumes: Bool = false, threads: Int = 1) throws {
        let stop = StopRequest()
        let outcome = try train(run, resumes: resumes, threads: threads, stop: stop) { event in
            if case .progress(let progress) = event, progress.step == step { stop.request(signal: SIGUSR1) }
        }
        guard case .stopped(let reason) = outcome.state else { return #expect(Bool(false), "the run did not stop") }
        #expect(reason == "asked to stop (SIGUSR1)")
    }

    /// Older weights train for a few steps, but results are of the newest.
    @Test func checkpointsOfASwapHoldTheNewestWeights() throws {
        let swap = #"tricks={"checkpointSwap": {"network": "generator", "every": 10, "iterations": 5}}"#
        func weights(_ run: String, _ step: Int) throws -> [Float] {
            let path = "\(folder.path)/\(run)/checkpoints/step-\(String(format: "%07d", step)).safetensors"
            return try SafetensorsFile(path: path).tensor("generator.0.weight").values
        }
        try train(folder.path + "/whole", [swap, "steps=20", "checkpoints={\"every\": 1, \"keep\": 20}"])
        // Steps 11 to 15 train the weights of the beginning.
        let before = try weights("whole", 10)
        for step in 11...15 { #expect(try weights("whole", step) == before) }
        #expect(try weights("whole", 16) != before)
        // A run that is stopped during a swap ends in the same bytes.
        let stop = StopRequest()
        let base = [swap, "steps=20"]
        _ = try train(folder.path + "/parts", base, stop: stop) { event in
            if case .progress(let progress) = event, progress.step == 12 { stop.request(signal: SIGUSR1) }
        }
        try train(folder.path + "/parts", resumes: true, base)
        #expect(try weights("parts", 20) == weights("whole", 20))
    }

    @Test func unfitNetworksOfALaterStageEndTheRunBeforeItsFirstStep() throws {
        let run = folder.path + "/run"
        let stage =
            #"stages=[{"from": 12, "set": {"discriminator": {"layers": [{"type": "conv", "channels": 1, "kernel": 3}]}}}]"#
        var notes: [String] = []
        let text = message {
            try train(run, [stage]) { if case .note(let note) = $0 { notes.append(note) } }
        }
        #expect(text.contains("discriminator.layers[0]"))
        #expect(notes.contains("the stage after step 12 cannot begin; the error is of that stage"))
        #expect(!FileManager.default.fileExists(atPath: run))
        // One that the training does not reach is of no concern.
        try train(run, [stage.replacingOccurrences(of: "12", with: "24")])
    }

    @Test func stagesCannotSwapCheckpoints() {
        let stage = #"stages=[{"from": 12, "set": {"tricks": {"checkpointSwap": {"every": 10}}}}]"#
        #expect(
            message { try train(folder.path + "/run", [stage]) }.contains("stages[0].set: older weights do not fit"))
    }

    @Test func averagesGoOnThroughStages() throws {
        let averaging = #"tricks={"averaging": {"decay": 0.99}}"#
        let stage = #"stages=[{"from": 12, "set": {"samples": {"every": 7}}}]"#
        for (name, settings) in [("plain", [averaging]), ("staged", [averaging, stage])] {
            try train("\(folder.path)/\(name)", settings + ["checkpoints={\"every\": 12, \"keep\": 3}"])
        }
        func average(_ run: String) throws -> [Float] {
            try SafetensorsFile(path: "\(folder.path)/\(run)/checkpoints/step-0000012.safetensors")
                .tensor("average.0.weight").values
        }
        func later(_ run: String) throws -> (average: [Float], raw: [Float]) {
            let file = try SafetensorsFile(path: "\(folder.path)/\(run)/checkpoints/step-0000024.safetensors")
            return (try file.tensor("average.0.weight").values, try file.tensor("generator.0.weight").values)
        }
        #expect(try average("plain") == average("staged"))
        // The stage restarts the optimizers alone, so the averages stay as far from the weights as without one.
        func distance(_ run: String) throws -> Double {
            let (average, raw) = try later(run)
            return zip(average, raw).reduce(0) { $0 + Double(abs($1.0 - $1.1)) }
        }
        #expect(try distance("staged") > 0.5 * distance("plain"))
    }

    @Test func laterStagesStartFromTheStageBefore() throws {
        try train(folder.path + "/first")
        let stage = #"""
            stages=[{"from": 12, "set": {"discriminator": {"layers": [
              {"type": "linear", "features": 16}, "leakyReLU", {"type": "linear", "features": 8, "name": "new"},
              "leakyReLU", {"type": "linear", "features": 1, "name": "score"}]}}}]
            """#
        let weights = "initialWeights=\(folder.path)/first/checkpoints/step-0000024.safetensors"
        let every = #"checkpoints={"every": 1, "keep": 24}"#
        #expect(try train(folder.path + "/run", [weights, stage, every]).step == 24)
        func checkpoint(_ step: Int) throws -> SafetensorsFile {
            try SafetensorsFile(
                path: "\(folder.path)/run/checkpoints/step-\(String(format: "%07d", step)).safetensors")
        }
        let (first, last, next) = (try checkpoint(1), try checkpoint(12), try checkpoint(13))
        for name in ["generator.0.weight", "generator.3.weight", "discriminator.0.weight"] {
            func distance(_ other: SafetensorsFile) throws -> Float {
                let (a, b) = (try other.tensor(name).values, try next.tensor(name).values)
                try #require(a.count == b.count && !a.isEmpty)
                return zip(a, b).map { abs($0 - $1) }.max() ?? .infinity
            }
            // The first step of Adam moves a weight by the learning rate at most; earlier weights are farther away.
            #expect(try distance(last) < 0.0101, "\(name)")
            #expect(try distance(first) > 0.03, "\(name)")
        }
    }

    /// What an error prevented after the checkpoint is made up by the resumed run.
    @Test func resumedRunsDrawTheGridThatAnErrorPrevented() throws {
        let run = folder.path + "/run"
        try train(run)
        let grid = run + "/samples/step-0000020.png"
        let drawn = try #require(bytes(grid))
        try interrupt(folder.path + "/other", after: 20)
        let other = folder.path + "/other/samples/step-0000020.png"
        try FileManager.default.removeItem(atPath: other)
        try train(folder.path + "/other", resumes: true)
        #expect(bytes(other) == drawn)
    }

    @Test func runLeavesItsFolder() throws {
        let run = folder.path + "/run"
        let outcome = try train(run)
        #expect(outcome.step == 24)
        #expect(outcome.sampleGrid == run + "/samples/step-0000024.png")
        let names = try FileManager.default.subpathsOfDirectory(atPath: run).sorted()
        let events = names.filter { $0.hasPrefix("events.out.tfevents.") && $0.hasSuffix(".agon") }
        #expect(events.count == 1)
        #expect(
            names.filter { !events.contains($0) } == [
                "checkpoints", "checkpoints/step-0000015.safetensors", "checkpoints/step-0000020.safetensors",
                "checkpoints/step-0000024.safetensors", "config.json", "metrics.jsonl", "run.json", "samples",
                "samples/step-0000000.png", "samples/step-0000010.png", "samples/step-0000020.png",
                "samples/step-0000024.png",
            ])
        let record = try ConfigNode.load(path: run + "/run.json")
        #expect(record["state"]?.string == "done")
        #expect(record["step"]?.integer == 24)
        #expect(record["seed"]?.integer == 3)
        #expect((record["peakMemoryBytes"]?.integer ?? 0) > 1_000_000)
        #expect(record["commandLine"]?.array?.count == 3)
        // The config in full states the same experiment.
        let again = try Experiment.load(path: run + "/config.json")
        #expect(try again.resolved == TinyExperiment.load().resolved)
        let lines = try String(contentsOfFile: run + "/metrics.jsonl", encoding: .utf8).split(separator: "\n")
        let steps = try lines.map { try ConfigNode.parse(String($0), file: "line")["step"]?.integer }
        #expect(steps == [1] + Array(stride(from: 2, through: 24, by: 2)))
    }

    @Test func resumedRunEndsInTheSameBytes() throws {
        try train(folder.path + "/whole")
        let run = folder.path + "/parts"
        // In the middle between checkpoints, at a checkpoint, after the first step.
        try interrupt(run, after: 1)
        try interrupt(run, after: 7, resumes: true)
        try interrupt(run, after: 15, resumes: true, threads: 2)
        try train(run, resumes: true)
        #expect(try final(run) == final(folder.path + "/whole"))
        let record = try ConfigNode.load(path: run + "/run.json")
        #expect(record["resumes"]?.integer == 3)
        #expect(
            try bytes(of: run + "/samples/step-0000020.png")
                == bytes(of: folder.path + "/whole/samples/step-0000020.png"))
    }

    @Test func metricsOfAResumedRunAreNeitherLostNorDoubled() throws {
        func values(_ run: String) throws -> [String] {
            try String(contentsOfFile: run + "/metrics.jsonl", encoding: .utf8).split(separator: "\n").map {
                // All but the times.
                String($0.prefix(upTo: try #require($0.range(of: ", \"imagesPerSecond\"")).lowerBound))
            }
        }
        try train(folder.path + "/whole")
        let run = folder.path + "/parts"
        try interrupt(run, after: 13)
        // As a kill leaves it: lines beyond the checkpoint, the last one torn.
        try FileManager.default.removeItem(atPath: run + "/checkpoints/step-0000013.safetensors")
        let torn = try String(contentsOfFile: run + "/metrics.jsonl", encoding: .utf8) + "{\"step\": 14, \"lo"
        try torn.write(toFile: run + "/metrics.jsonl", atomically: true, encoding: .utf8)
        try train(run, resumes: true)
        #expect(try values(run) == values(folder.path + "/whole"))
    }

    /// What is there can be looked at while the run rests; a run that went on has the grids of one that never stopped.
    @Test func aStopLeavesAGridUntilTheRunGoesOn() throws {
        let run = folder.path + "/run"
        try interrupt(run, after: 13)
        func grids() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: run + "/samples").sorted()
        }
        #expect(try grids() == ["step-0000000.png", "step-0000010.png", "step-0000013.png"])
        try train(run, resumes: true)
        #expect(try grids() == ["step-0000000.png", "step-0000010.png", "step-0000020.png", "step-0000024.png"])
    }

    @Test func eventsOfAResumedRunAreThoseOfAnUndisturbedOne() throws {
        /// Without times, and without what each session says of itself.
        func lines(_ run: String) throws -> [String] {
            try eventLines(run).filter { line in
                ![" throughput/", "start", " config", "brain.Event"].contains(where: line.contains)
            }
        }
        let whole = folder.path + "/whole"
        try train(whole)
        let expected = try lines(whole)
        // Every number of the log, and every grid as it lies in its file.
        for line in LineReader<MetricsLine>.all(path: whole + "/metrics.jsonl") {
            for (key, value) in line.values where key.contains(".") {
                #expect(
                    expected.contains("\(line.step) \(EventLog.tag(key)) \(Float(value))"), "\(line.step) \(key)")
            }
        }
        #expect(
            expected.filter { $0.contains(" samples ") }.map { $0.split(separator: " ")[0] } == ["0", "10", "20", "24"])
        #expect(expected.last == "24 _hparams_/session_end_info")
        let run = folder.path + "/parts"
        try interrupt(run, after: 3)
        // As a kill leaves it: events beyond the checkpoint.
        try interrupt(run, after: 13, resumes: true)
        try FileManager.default.removeItem(atPath: run + "/checkpoints/step-0000013.safetensors")
        try train(run, resumes: true)
        #expect(try lines(run) == expected)
        #expect(EventLog.files(in: RunFolder(path: run)).count == 3)
        // With more steps it goes on.
        try train(run, resumes: true, ["steps=26"])
        #expect(try lines(run).last == "26 _hparams_/session_end_info")
        // None is made where none is wanted; the switch changes neither weights nor the identity of a trial.
        try train(folder.path + "/off", ["log.tensorboard=false"])
        #expect(EventLog.files(in: RunFolder(path: folder.path + "/off")).isEmpty)
        #expect(try final(folder.path + "/off") == final(whole))
        try train(folder.path + "/off", resumes: true, ["steps=26"])
        let (on, off) = (try TinyExperiment.load(), try TinyExperiment.load("log.tensorboard=false"))
        #expect(on.digest == off.digest)
        #expect(SweepTrial.identity(of: on) == SweepTrial.identity(of: off))
    }

    @Test func bytesDoNotDependOnThreads() throws {
        for threads in [1, 2, 5] { try train("\(folder.path)/\(threads)", threads: threads) }
        #expect(try final(folder.path + "/1") == final(folder.path + "/2"))
        #expect(try final(folder.path + "/1") == final(folder.path + "/5"))
    }

    @Test func truncatedCheckpointIsPassedOver() throws {
        try train(folder.path + "/whole")
        let run = folder.path + "/parts"
        try interrupt(run, after: 12)
        let newest = run + "/checkpoints/step-0000012.safetensors"
        let half = try #require(bytes(newest)).prefix(700)
        try half.write(to: URL(fileURLWithPath: newest))
        var notes: [String] = []
        var start = -1
        try train(run, resumes: true) { event in
            if case .note(let text) = event { notes.append(text) }
            if case .started(_, let step, _) = event { start = step }
        }
        #expect(start == 10)
        #expect(notes.count == 1 && notes[0].contains("step-0000012.safetensors"))
        #expect(try final(run) == final(folder.path + "/whole"))
    }

    @Test func leftoversOfAKilledProcessAreRemoved() throws {
        let run = folder.path + "/run"
        try interrupt(run, after: 4)
        let leftover = run + "/checkpoints/.step-0000005.safetensors.1-0.partial"
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: leftover))
        try train(run, resumes: true)
        #expect(!FileManager.default.fileExists(atPath: leftover))
    }

    @Test func aRunIsNotOverwritten() throws {
        let run = folder.path + "/run"
        try train(run)
        #expect(
            message { try train(run) }
                == "\(run): already holds a run (done); continue it with --resume, or choose another folder with --out")
        // Resuming what is done does nothing; with more steps it goes on.
        let before = try final(run)
        let outcome = try train(run, resumes: true)
        guard case .wasDone = outcome.state else { return #expect(Bool(false), "\(outcome.state)") }
        #expect(try final(run) == before)
        #expect(try train(run, resumes: true, ["steps=26"]).step == 26)
    }

    @Test func anotherConfigIsRefused() throws {
        let run = folder.path + "/run"
        try interrupt(run, after: 3)
        #expect(
            message {
                try train(run, resumes: true, ["optimizer.learningRate=1e-3", "generator.layers[0].features=8"])
            }
                == "\(run): was started with another config; it differs in optimizer.learningRate, "
                + "generator.layers[0].features. Only keys without effect on training steps may change when resuming "
                + "(name, description, system, steps, samples, checkpoints, log, evaluate); start a new run with another --out"
        )
    }

    @Test func whatNoStepDependsOnMayChangeWhenResuming() throws {
        try train(folder.path + "/whole")
        let run = folder.path + "/run"
        try interrupt(run, after: 12)
        let changes = [
            "name=other", "description=Other.", "samples.every=7", "samples.count=3", "checkpoints.every=6",
            "checkpoints.keep=9", "log.every=3", "log.tensorboard=false", "dataset.memoryLimit=0",
            "dataset.path=/other",
        ]
        #expect(try train(run, resumes: true, changes).step == 24)
        #expect(try tensors(run) == tensors(folder.path + "/whole"))
        #expect(try RunFolder(path: run).checkpointSteps == [5, 10, 12, 18, 24])
    }

    /// The bytes of the last checkpoint after its header.
    private func tensors(_ run: String) throws -> [UInt8] {
        let whole = [UInt8](try final(run))
        let header = whole.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
        return Array(whole.dropFirst(8 + header))
    }

    @Test func runOfAnOlderConfigGoesOn() throws {
        try train(folder.path + "/whole")
        let run = folder.path + "/run"
        try interrupt(run, after: 12)
        // As a version left it that did not know some keys, and digested configs in another way.
        var config = try #require(try ConfigNode.load(path: run + "/config.json").object)
        var dataset = try #require(config["dataset"]?.object)
        for key in ["holdout", "unpaired", "transforms"] { dataset[key] = nil }
        config["dataset"] = ConfigNode(dataset)
        config["alarms"] = nil
        config["tricks"] = nil
        try ConfigNode(config).prettyText.write(toFile: run + "/config.json", atomically: true, encoding: .utf8)
        try rewriteMetadata(of: RunFolder(path: run).checkpointPath(step: 12)) {
            $0["format"] = "agon-checkpoint-1"
            $0["config"] = "0123"
        }
        var first = -1
        try train(run, resumes: true) { if case .started(_, let step, _) = $0 { first = step } }
        #expect(first == 12)
        #expect(try final(run) == final(folder.path + "/whole"))
    }

    @Test func checkpointOfAnotherConfigIsPassedOver() throws {
        try train(folder.path + "/whole")
        let run = folder.path + "/run"
        try interrupt(run, after: 12)
        try rewriteMetadata(of: RunFolder(path: run).checkpointPath(step: 12)) { $0["config"] = "0123" }
        var first = -1
        var notes: [String] = []
        try train(run, resumes: true) { event in
            if case .started(_, let step, _) = event { first = step }
            if case .note(let text) = event { notes.append(text) }
        }
        #expect(first == 10 && notes.contains { $0.contains("it belongs to another config") }, "\(notes)")
        #expect(try final(run) == final(folder.path + "/whole"))
    }

    private func rewriteMetadata(of path: String, _ change: (inout [String: String]) -> Void) throws {
        let file = try SafetensorsFile(path: path)
        var metadata = file.metadata
        change(&metadata)
        let contents = try file.entries.map { SafetensorsFile.Content(name: $0.name, tensor: try file.tensor($0.name)) }
        let isSealed = metadata["format"] == Checkpoint.format
        metadata["agon.crc32c"] = nil
        try SafetensorsFile.write(path: path, contents, metadata: metadata, isSealed: isSealed)
    }

    @Test func aRunPastItsNewLastStepStaysAsItIs() throws {
        let run = RunFolder(path: folder.path + "/run")
        try interrupt(run.path, after: 14)
        let record = bytes(run.recordPath)
        let samples = run.samples
        #expect(
            message { try train(run.path, resumes: true, ["steps=10"]) }
                == "\(run.path): is already at step 14, past the last of 10 steps; give more steps, or start a new run with "
                + "another --out")
        #expect(bytes(run.recordPath) == record && run.samples == samples)
        #expect(try train(run.path, resumes: true).step == 24)
    }

    @Test func aResumedRunDoesNotNeedItsInitialWeights() throws {
        let run = folder.path + "/run"
        try train(folder.path + "/first")
        let weights = folder.path + "/weights.safetensors"
        let file = try SafetensorsFile(path: folder.path + "/first/checkpoints/step-0000024.safetensors")
        let networks = try file.entries.filter {
            $0.name.hasPrefix("generator.") || $0.name.hasPrefix("discriminator.")
        }
        .map { SafetensorsFile.Content(name: $0.name, tensor: try file.tensor($0.name)) }
        try SafetensorsFile.write(path: weights, networks)
        let settings = ["initialWeights=\(weights)", "steps=12"]
        try train(run, settings)
        try FileManager.default.removeItem(atPath: weights)
        #expect(try train(run, resumes: true, settings + ["steps=24"]).step == 24)
        #expect(message { try train(folder.path + "/other", settings) }.contains(weights))
    }

    @Test func aFolderWithinTheImagesIsRefused() throws {
        let images = folder.path + "/images"
        try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
        let settings = [#"dataset={"name": "folder", "path": "\#(images)"}"#]
        for place in [images, images + "/a/b"] {
            #expect(
                message { try train(place, settings) }
                    == "\(place): lies in the dataset's folder \(images), whose images would then include the run's own "
                    + "grids; choose another folder with --out")
        }
    }

    @Test func permanentFaultsOfFilesAreNotTransient() {
        #expect(TensorsError.cannotWrite(path: "a", code: ENOSPC).isPassing)
        for code in [ENOENT, EACCES, ENOTDIR] {
            let error: any Error = TensorsError.cannotRead(path: "a", code: code)
            #expect(!error.isPassing)
        }
        let config: any Error = ConfigError.unreadableFile(path: "a", reason: "R", extendedAt: nil)
        #expect(!config.isPassing)
    }

    @Test func twoProcessesCannotWorkOnOneRun() throws {
        let run = RunFolder(path: folder.path + "/run")
        try interrupt(run.path, after: 3)
        let lock = try run.lock()
        #expect(
            message { try train(run.path, resumes: true) }
                == "\(run.path): another process is working on this run; wait for it to end")
        withExtendedLifetime(lock) {}
    }

    @Test func resumingWhatIsNotThereStarts() throws {
        #expect(try train(folder.path + "/new", resumes: true).step == 24)
    }

    @Test func aLossThatIsNoNumberStopsTheRun() throws {
        let run = folder.path + "/run"
        let text = message { try train(run, ["optimizer={\"type\": \"sgd\", \"learningRate\": 1e30}"]) }
        #expect(text.hasPrefix("step 2: loss is nan; not finite: generator."))
        #expect(text.contains("Last good checkpoint: none yet. Try a lower learning rate"))
        let record = try ConfigNode.load(path: run + "/run.json")
        #expect(record["state"]?.string == "failed")
        #expect(record["reason"]?.string == text)
    }

    /// A device that is always full is in place of the disk.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "Linux has this device"))
    func aFolderThatCannotBeWrittenLeavesTheRunResumable() throws {
        let run = folder.path + "/run"
        let metrics = run + "/metrics.jsonl"
        try interrupt(run, after: 6)
        try FileManager.default.removeItem(atPath: metrics)
        try FileManager.default.createSymbolicLink(atPath: metrics, withDestinationPath: "/dev/full")
        #expect(
            message { try train(run, resumes: true) }
                == "\(metrics): cannot write (No space left on device); free some space and run again. "
                + "The run is intact up to its last checkpoint; "
                + "continue it with: agon run \(run) --resume")
        let record = try ConfigNode.load(path: run + "/run.json")
        #expect(record["state"]?.string == "stopped")
        try FileManager.default.removeItem(atPath: metrics)
        try train(run, resumes: true)
        try train(folder.path + "/whole")
        #expect(try final(run) == final(folder.path + "/whole"))
    }

    @Test func nothingIsLeftByAConfigThatDoesNotFit() throws {
        let run = folder.path + "/run"
        #expect(
            message { try train(run, ["generator.layers[3].features=3"]) }
                == "tiny.json:10: generator: makes [3], but images are [2] and the discriminator takes [3]")
        #expect(!FileManager.default.fileExists(atPath: run))
    }

    @Test func alternatingPhasesTakeBatchesOfTheirOwn() throws {
        let overrides = ["objective=wgan-gp", "checkpoints.every=4", "steps=6"]
        try train(folder.path + "/whole", overrides)
        let checkpoint = try SafetensorsFile(path: folder.path + "/whole/checkpoints/step-0000006.safetensors")
        #expect(checkpoint.metadata["batches"] == "30")
        #expect(checkpoint.metadata["step"] == "6")
        #expect(checkpoint.contains("optimizer.discriminator.0.weight.exp_avg"))
    }

    @Test func samplesOfARun() throws {
        let run = folder.path + "/run"
        try train(run)
        let sampling = try Sampling(run: run)
        let out = folder.path + "/out.png"
        #expect(try sampling.write(count: 7, seed: 1, threads: 1, to: out).step == 24)
        let first = try #require(bytes(out))
        _ = try sampling.write(count: 7, seed: 1, threads: 2, to: out)
        #expect(bytes(out) == first)
        _ = try sampling.write(count: 7, seed: 2, threads: 1, to: out)
        #expect(bytes(out) != first)
        #expect(try Sampling(run: run, checkpoint: 15).write(count: 1, seed: 0, threads: 1, to: out).step == 15)
        #expect(
            message { _ = try Sampling(run: run, checkpoint: 7) }
                == "\(run): contains no checkpoint of step 7; existing steps: 15, 20, 24")
        #expect(
            message { _ = try Sampling(run: folder.path) } == "\(folder.path): contains no run (no config.json)")
    }
}
