import AgonConfiguration
import AgonExperiments
import AgonScoring
import AgonTensors
import AgonTestSupport
import Foundation
import Testing

@testable import AgonRuns
@testable import AgonTraining

/// Files of a run that were damaged, or cannot be read: nothing of them is trained on, and nothing is lost.
@Suite struct DamageTests {
    let folder: TemporaryFolder
    var run: RunFolder { RunFolder(path: folder.path + "/run") }

    init() throws { folder = try TemporaryFolder() }

    /// Trains, or goes on, to a step; the notes.
    @discardableResult
    private func train(to step: Int, _ run: RunFolder? = nil, resumes: Bool = true) throws -> [String] {
        var notes: [String] = []
        let options = TinyExperiment.options((run ?? self.run).path, resumes: resumes)
        _ = try TrainingRun.run(try TinyExperiment.load("steps=\(step)"), options: options) {
            if case .note(let text) = $0 { notes.append(text) }
        }
        return notes
    }

    private func damage(_ path: String, _ change: (inout [UInt8]) -> Void) throws {
        var contents = try bytes(of: path)
        change(&contents)
        try Data(contents).write(to: URL(fileURLWithPath: path))
    }

    @Test func aFlippedBitOfAWeightIsPassedOver() throws {
        try train(to: 24, RunFolder(path: folder.path + "/whole"))
        try train(to: 12)
        let newest = run.checkpointPath(step: 12)
        try damage(newest) { $0[$0.count - 9] ^= 0x10 }
        let notes = try train(to: 24)
        #expect(notes.count == 1 && notes[0].hasPrefix("\(newest): not a valid safetensors file: it is damaged"))
        #expect(notes[0].hasSuffix("; passed over"))
        #expect(
            try bytes(of: run.checkpointPath(step: 24))
                == bytes(of: folder.path + "/whole/checkpoints/step-0000024.safetensors"))
    }

    @Test func aRunWithoutAUsableCheckpointIsNotRestarted() throws {
        try train(to: 12)
        let steps = try run.checkpointSteps
        for (index, step) in steps.enumerated() {
            try damage(run.checkpointPath(step: step)) { bytes in
                if index % 2 == 0 { bytes.removeLast(40) } else { bytes[bytes.count / 2] ^= 1 }
            }
        }
        let before = try snapshot(of: run.path)
        let text = message { try train(to: 24) }
        #expect(text.hasPrefix("\(run.path): holds a run, but none of its checkpoints is usable:\n"))
        for step in steps { #expect(text.contains("  " + run.checkpointPath(step: step) + ": ")) }
        #expect(
            text.hasSuffix(
                "\nNothing was changed. Restore a good copy, or start again: delete the folder, or give another "
                    + "--out"))
        #expect(try snapshot(of: run.path) == before)
    }

    @Test func checkpointsOfAnotherConfigAreNotBegunAnewEither() throws {
        try train(to: 10)
        for step in try run.checkpointSteps {
            let file = try SafetensorsFile(path: run.checkpointPath(step: step))
            var metadata = file.metadata
            metadata["config"] = String(repeating: "0", count: 64)
            let contents = try file.entries.map {
                SafetensorsFile.Content(name: $0.name, tensor: try file.tensor($0.name))
            }
            try SafetensorsFile.write(path: file.path, contents, metadata: metadata, isSealed: true)
        }
        let before = try snapshot(of: run.path)
        #expect(
            message { try train(to: 12) }.hasPrefix(
                "\(run.configPath): no longer matches the run's checkpoints, which "))
        #expect(try snapshot(of: run.path) == before)
    }

    @Test func checkpointsWithoutAChecksumAreThoseOfTheFormerFormat() throws {
        try train(to: 10)
        let path = run.checkpointPath(step: 10)
        let file = try SafetensorsFile(path: path)
        let contents = try file.entries.map { SafetensorsFile.Content(name: $0.name, tensor: try file.tensor($0.name)) }
        var metadata = file.metadata
        metadata["agon.crc32c"] = nil
        try SafetensorsFile.write(path: path, contents, metadata: metadata)
        #expect(message { _ = try Checkpoint(path: path) } == "\(path): not a usable checkpoint: it has no checksum")
        metadata["format"] = "agon-checkpoint-1"
        try SafetensorsFile.write(path: path, contents, metadata: metadata)
        #expect(try Checkpoint(path: path).step == 10)
    }

    @Test func whatCannotBeReadIsNotEmpty() throws {
        try train(to: 10)
        // A ring of links: any user gets an error of reading, root too.
        for path in [run.checkpointsFolder, run.checkpointPath(step: 10), run.metricsPath] {
            let kept = folder.path + "/kept"
            try FileManager.default.moveItem(atPath: path, toPath: kept)
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
            let text = message { try train(to: 24) }
            #expect(text == "\(path): cannot read (Too many levels of symbolic links)")
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.moveItem(atPath: kept, toPath: path)
        }
        try train(to: 24, RunFolder(path: folder.path + "/whole"))
        try train(to: 24)
        #expect(
            try bytes(of: run.checkpointPath(step: 24))
                == bytes(of: folder.path + "/whole/checkpoints/step-0000024.safetensors"))
    }

    /// No later attempt can read it either, so the message says what to do.
    @Test func aFolderInPlaceOfACheckpointEndsAResume() throws {
        try train(to: 10)
        let path = run.checkpointPath(step: 30)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(
            message { try train(to: 12) }
                == "\(path): not a usable checkpoint: it is a folder; move it away, then continue from an earlier one with "
                + "--resume")
        try FileManager.default.removeItem(atPath: path)
        try train(to: 12)
    }

    /// Such as a config edited by hand.
    @Test func aChangedConfigIsNamed() throws {
        try train(to: 10)
        let config = try String(contentsOfFile: run.configPath, encoding: .utf8)
        let edited = config.replacing("\"beta1\": 0.5", with: "\"beta1\": 0.25")
        #expect(edited != config)
        try edited.write(toFile: run.configPath, atomically: true, encoding: .utf8)
        let text = message {
            _ = try TrainingRun.run(
                try Experiment.load(path: run.configPath, steps: 12),
                options: TinyExperiment.options(run.path, resumes: true)
            ) { _ in }
        }
        #expect(text.hasPrefix("\(run.configPath): no longer matches the run's checkpoints, "), "\(text)")
        #expect(text.hasSuffix("as a new run: agon run \(run.configPath) --out NEW"), "\(text)")
    }

    @Test(arguments: ["metrics.jsonl", "evaluations.jsonl", "run.json", "samples/step-0000003.png", "config.json"])
    func filesOfOthersAreNotOverwritten(name: String) throws {
        _ = try folder.write("mine", to: "run/" + name)
        let before = try snapshot(of: run.path)
        for resumes in name == "config.json" ? [false] : [false, true] {
            #expect(
                message { try train(to: 3, resumes: resumes) }
                    == "\(run.path)/\(name): a run would overwrite this file, which is not part of a run; choose another folder "
                    + "with --out, or move the file away")
        }
        #expect(try snapshot(of: run.path) == before)
    }

    /// As a run leaves it that was killed before it wrote its config.
    @Test func anEmptyLogIsNoFileOfOthers() throws {
        _ = try folder.write("", to: "run/metrics.jsonl")
        try train(to: 3, resumes: false)
    }

    @Test func aNameThatIsTooLongHoldsNoRun() {
        let long = RunFolder(path: folder.path + "/" + String(repeating: "a", count: 256))
        #expect(!long.holdsRun)
        #expect(message { try train(to: 3, long) } == "\(long.path): cannot create this folder: File name too long")
    }

    @Test func aDamagedLineOfMetricsIsNotCutOff() throws {
        try train(to: 10)
        let before = try bytes(of: run.metricsPath)
        try damage(run.metricsPath) { bytes in
            let second = bytes.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            bytes[second + 2] ^= 1
        }
        let text = message { try train(to: 24) }
        #expect(text == "\(run.metricsPath): damaged: line 2 is not a log entry; delete it to continue without it")
        #expect(try bytes(of: run.metricsPath).count == before.count)
    }

    /// Random bits and lengths of everything that a resumed run reads: each is found, and no weight comes of it.
    @Test(arguments: [1, 2] as [UInt64])
    func randomDamagesAreFound(seed: UInt64) throws {
        try train(to: 10)
        let values = (1...5).map {
            EvaluationValue(
                step: 2 * $0, metric: "fid-lenet", value: 1 / Double($0), identity: EvaluationIdentity(["a": "b"])
            )
        }
        try run.record(values)
        let files = [run.checkpointPath(step: 10), run.recordPath, run.evaluationsPath]
        let whole = try files.map { try bytes(of: $0) }
        let words = RandomStream(seed: seed, purpose: "damages").bits(count: 400)
        var found = 0
        for trial in 0..<100 {
            let (first, second) = (Int(words[4 * trial]), Int(words[4 * trial + 1]))
            let index = trial % files.count
            var damaged = whole[index]
            if trial % 4 == 0 {
                damaged.removeLast(1 + first % (damaged.count - 1))
                // Whole lines that are gone are an earlier state of a log.
                if files[index] == run.evaluationsPath, damaged.last == UInt8(ascii: "\n") { damaged.removeLast() }
            } else {
                damaged[first % damaged.count] ^= 1 << (second % 8)
            }
            try Data(damaged).write(to: URL(fileURLWithPath: files[index]))
            let isFound =
                switch index {
                case 0: (try? Checkpoint(path: files[0])) == nil
                case 1: (try? run.readRecord()) == nil
                default: try EvaluationLog(path: files[2]).read().isDamaged
                }
            #expect(isFound, "trial \(trial): \(files[index])")
            found += isFound ? 1 : 0
            try Data(whole[index]).write(to: URL(fileURLWithPath: files[index]))
        }
        #expect(found == 100)
        // With all whole again the run goes on.
        try train(to: 12)
    }

    @Test func aDamagedRecordEndsAResume() throws {
        try train(to: 10)
        try damage(run.recordPath) { $0[$0.count / 2] ^= 1 }
        let before = try snapshot(of: run.path)
        #expect(message { try train(to: 12) }.hasPrefix("\(run.recordPath): damaged: "))
        #expect(try snapshot(of: run.path) == before)
        // As the message says.
        try FileManager.default.removeItem(atPath: run.recordPath)
        try train(to: 12)
    }

    @Test func aRunWhoseCheckpointsAreGoneIsNotBegunAnew() throws {
        try train(to: 12)
        for step in try run.checkpointSteps { unlink(run.checkpointPath(step: step)) }
        let before = try snapshot(of: run.path)
        let text = message { try train(to: 24) }
        #expect(
            text.contains("none of its checkpoints is usable:\n  \(run.checkpointPath(step: 12)): missing\n"), "\(text)"
        )
        #expect(try snapshot(of: run.path) == before)
    }

    @Test func checkpointsWithoutAConfigAreLeftAlone() throws {
        try train(to: 12)
        unlink(run.configPath)
        let before = try snapshot(of: run.path)
        #expect(
            message { try train(to: 24) }
                == "\(run.checkpointPath(step: 12)): a checkpoint of another run, whose config.json "
                + "is missing; choose another folder with --out, or restore config.json")
        #expect(try snapshot(of: run.path) == before)
    }

    @Test func aFolderOfRunsThatCannotBeReadIsNotEmpty() throws {
        let parent = folder.path + "/Runs"
        try FileManager.default.createSymbolicLink(atPath: parent, withDestinationPath: parent)
        #expect(throws: TensorsError.self) { _ = try RunFolder.newest(named: "tiny", parent: parent) }
    }

    /// As versions before keys with defaults, before formats of records and before checksums left it.
    @Test func aRunOfAnOlderVersionContinues() throws {
        try train(to: 10)
        var config = try #require(try ConfigNode.load(path: run.configPath).object)
        for key in ["alarms", "description", "log"] { config[key] = nil }
        var dataset = try #require(config["dataset"]?.object)
        for key in ["memoryLimit", "order", "range"] { dataset[key] = nil }
        config["dataset"] = ConfigNode(dataset)
        try ConfigNode(config).prettyText.write(toFile: run.configPath, atomically: true, encoding: .utf8)
        var record = try #require(try run.readRecord()?.node.object)
        for key in ["format", "data", "checkpoint", "checkpointSeconds"] { record[key] = nil }
        try ConfigNode(record).prettyText.write(toFile: run.recordPath, atomically: true, encoding: .utf8)
        for step in try run.checkpointSteps {
            let file = try SafetensorsFile(path: run.checkpointPath(step: step))
            let contents = try file.entries.map {
                SafetensorsFile.Content(name: $0.name, tensor: try file.tensor($0.name))
            }
            var metadata = file.metadata
            metadata["agon.crc32c"] = nil
            metadata["format"] = "agon-checkpoint-1"
            metadata["config"] = "digest of another kind"
            try SafetensorsFile.write(path: file.path, contents, metadata: metadata)
        }
        try train(to: 24)
        try train(to: 24, RunFolder(path: folder.path + "/whole"))
        #expect(
            try bytes(of: run.checkpointPath(step: 24))
                == bytes(of: folder.path + "/whole/checkpoints/step-0000024.safetensors"))
    }

    @Test func aRunOfANewerVersionIsLeftToIt() throws {
        try train(to: 10)
        var record = try #require(try run.readRecord()?.node.object)
        record["format"] = ConfigNode(RunRecord.currentFormat + 1)
        let text = SealedText.sealed(ConfigNode(record).prettyText)
        try text.write(toFile: run.recordPath, atomically: true, encoding: .utf8)
        let before = try snapshot(of: run.path)
        #expect(message { try train(to: 24) }.hasSuffix("newer than this program's 2; use a newer Agon"))
        #expect(try snapshot(of: run.path) == before)
    }

    /// The log has lines of the first and the last step alone; time that passed before a stop must not be lost.
    @Test func timeSinceTheLastLineIsNotLost() throws {
        func train(to step: Int, pauses: Int32 = 0, stopAfter last: Int? = nil) throws {
            var options = TinyExperiment.options(run.path, resumes: true)
            let stop = StopRequest()
            options.stop = stop
            _ = try TrainingRun.run(try TinyExperiment.load("steps=\(step)", "log.every=1000"), options: options) {
                guard case .progress(let progress) = $0 else { return }
                usleep(UInt32(pauses))
                if progress.step == last { stop.request() }
            }
        }
        try train(to: 24, pauses: 20_000, stopAfter: 8)
        let first = try #require(run.record?.seconds)
        #expect(first > 0.14 && LineReader<MetricsLine>.all(path: run.metricsPath).map(\.step) == [1])
        try train(to: 24, pauses: 20_000)
        let whole = try #require(run.record?.seconds)
        #expect(whole > first + 0.3, "\(whole) s after \(first) s")
        #expect(abs((LineReader<MetricsLine>.all(path: run.metricsPath).last?.seconds ?? 0) - whole) < 0.1)
        // A kill between checkpoint and record leaves an earlier record.
        try train(to: 27)
        var record = try #require(run.record)
        (record.checkpoint, record.checkpointSeconds) = (20, whole + 5)
        try run.write(record)
        try train(to: 30)
        #expect(run.record?.seconds ?? 0 > whole + 5)
    }
}
