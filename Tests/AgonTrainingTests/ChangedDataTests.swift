import AgonConfiguration
import AgonDatasets
import AgonTensors
import AgonTestSupport
import Foundation
import Testing

@testable import AgonRuns
@testable import AgonTraining

/// Runs whose data are no longer those that they used, or cannot be read any more.
@Suite struct ChangedDataTests {
    private let pictures: TinyPictures
    private var run: RunFolder { RunFolder(path: pictures.run) }

    init() throws { pictures = try TinyPictures() }

    @Test func contentsArePartOfTheRecord() throws {
        try pictures.train(to: 3)
        let data = try #require(run.record?.data)
        let fingerprint = try DatasetConfiguration(name: "folder", path: pictures.path)
            .open(searchPath: .standard()).fingerprint
        #expect(data.count == 1 && data[0].fingerprint == fingerprint && data[0].fingerprint.files == 16)
        #expect(data[0].name == "folder" && data[0].split == "train" && data[0].since == 0)
        #expect(RecordedData(node: data[0].node) == data[0])
    }

    enum Change: CaseIterable { case addition, removal, replacement }

    @Test(arguments: Change.allCases)
    func changedDataEndAResumeUnlessTheyAreAccepted(change: Change) throws {
        try pictures.train(to: 10)
        switch change {
        case .addition: try pictures.write(16)
        case .removal: try FileManager.default.removeItem(atPath: pictures.picture(3))
        case .replacement: try pictures.write(3, seed: 1)
        }
        let before = try snapshot(of: run.path)
        let text = message { try pictures.train(to: 20) }
        #expect(
            text.hasPrefix("\(run.path): its data have changed: dataset 'folder' (train): 16 files "), "\(text)")
        #expect(text.hasSuffix("or continue on the present files with --accept-changed-data"))
        switch change {
        case .addition: #expect(text.contains("16 files before, 17 now"))
        case .removal: #expect(text.contains("16 files before, 15 now"))
        case .replacement: #expect(text.contains("16 files as before") || text.contains("16 files of the same size"))
        }
        #expect(try snapshot(of: run.path) == before)
        // A completed run is not said to be one of these data either.
        #expect(message { try pictures.train(to: 10) } == text)

        let notes = try pictures.train(to: 20, accepts: true)
        #expect(notes.contains { $0.hasSuffix("; continued on the present files") }, "\(notes)")
        let data = try #require(run.record?.data)
        #expect(data.map(\.since) == [0, 10])
        // From now on these are its data.
        try pictures.train(to: 30)
        #expect(run.record?.data == data)
    }

    @Test func restoredDataContinueToTheSameBytes() throws {
        try pictures.train(to: 10)
        try pictures.write(5, seed: 9)
        #expect(message { try pictures.train(to: 24) }.contains("have changed"))
        try pictures.write(5)
        try pictures.train(to: 24)
        try pictures.train(to: 24, run: pictures.folder.path + "/whole")
        #expect(
            try bytes(of: run.checkpointPath(step: 24))
                == bytes(of: pictures.folder.path + "/whole/checkpoints/step-0000024.safetensors"))
    }

    /// A run follows its data to another place if they are the same there, and stays what it was.
    @Test func movedDataContinueToTheSameBytes() throws {
        try pictures.train(to: 24, run: pictures.folder.path + "/whole")
        let last = { (run: String) in try bytes(of: "\(run)/checkpoints/step-0000024.safetensors") }
        try pictures.train(to: 10)
        let former = try #require(run.record)
        let moved = pictures.folder.path + "/moved"
        try FileManager.default.moveItem(atPath: pictures.path, toPath: moved)
        let gone = message { try pictures.train(to: 24) }
        #expect(gone.contains("no such folder. If the data have moved, give their new location: "), "\(gone)")
        #expect(gone.contains("agon run \(run.path) --resume --set dataset.path=PATH"), "\(gone)")

        try pictures.train(to: 20, at: moved + "/")
        #expect(run.record?.data.map(\.since) == [0] && run.record?.moved != nil)
        // A kill after the record was written leaves the former config.
        let config = try String(contentsOfFile: run.configPath, encoding: .utf8)
        #expect(config.contains("\"\(moved)/\""))
        try config.replacing(moved + "/", with: pictures.path).write(
            toFile: run.configPath, atomically: true, encoding: .utf8)
        var record = try #require(run.record)
        record.data = former.data
        try run.write(record)
        try pictures.train(to: 22, at: moved)

        // A kill during the second move, after the record was written.
        let first = try #require(run.record)
        let firstConfig = try String(contentsOfFile: run.configPath, encoding: .utf8)
        let elsewhere = pictures.folder.path + "/elsewhere"
        try FileManager.default.moveItem(atPath: moved, toPath: elsewhere)
        try pictures.train(to: 23, at: elsewhere)
        var passing = try #require(run.record)
        let present = try #require(passing.moved?.present)
        passing.moved = RecordedMove(
            start: try #require(first.moved?.start), present: present, former: first.moved?.present)
        passing.data = first.data + passing.data
        try run.write(passing)
        try firstConfig.write(toFile: run.configPath, atomically: true, encoding: .utf8)
        try pictures.train(to: 24, at: elsewhere)
        #expect(try last(run.path) == last(pictures.folder.path + "/whole"))
        try FileManager.default.moveItem(atPath: elsewhere, toPath: moved)

        try FileManager.default.moveItem(atPath: moved, toPath: pictures.path)
        try pictures.train(to: 30)
        #expect(run.record?.moved == nil && run.record?.data.map(\.since) == [0])
    }

    /// Evaluations open the data that the run's config names.
    @Test func aFinishedRunFollowsItsData() throws {
        try pictures.train(to: 10)
        let former = try snapshot(of: run.path)
        let moved = pictures.folder.path + "/moved"
        #expect(message { try pictures.train(to: 10, at: moved) }.contains("no such folder. If the data have moved"))
        #expect(try snapshot(of: run.path) == former)
        try FileManager.default.moveItem(atPath: pictures.path, toPath: moved)
        try FileManager.default.moveItem(atPath: moved + "/103.png", toPath: pictures.folder.path + "/103.png")
        #expect(message { try pictures.train(to: 10, at: moved) }.contains("its data have changed"))
        #expect(try snapshot(of: run.path) == former)
        try FileManager.default.moveItem(atPath: pictures.folder.path + "/103.png", toPath: moved + "/103.png")

        // Fewer steps are reached already; the config tells how the run was trained.
        try pictures.train(to: 5, at: moved)
        #expect(
            try String(contentsOfFile: run.configPath, encoding: .utf8)
                == String(decoding: former["config.json"] ?? [], as: UTF8.self).replacing(pictures.path, with: moved))
        #expect(run.record?.data.map(\.since) == [0] && run.record?.moved != nil)
        try pictures.train(to: 10, at: moved)

        try FileManager.default.moveItem(atPath: moved, toPath: pictures.path)
        try pictures.train(to: 10)
        #expect(try snapshot(of: run.path) == former)
    }

    @Test func otherDataAtAnotherPlaceEndAResume() throws {
        try pictures.train(to: 10)
        let moved = pictures.folder.path + "/moved"
        try FileManager.default.moveItem(atPath: pictures.path, toPath: moved)
        try FileManager.default.removeItem(atPath: moved + "/103.png")
        let before = try snapshot(of: run.path)
        let text = message { try pictures.train(to: 20, at: moved) }
        #expect(text.hasPrefix("\(run.path): its data have changed: dataset 'folder' (train): 16 files before, 15 now"))
        #expect(message { try pictures.train(to: 10, at: moved) } == text)
        var record = try #require(run.record)
        record.data = []
        try run.write(record)
        // Nothing says that these are the same.
        #expect(message { try pictures.train(to: 20, at: moved) }.contains("it differs in dataset.path. "))
        record.data = try #require(try RunRecord(node: ConfigNode.parse(before["run.json"] ?? [], file: "run.json")))
            .data
        try run.write(record)
        try pictures.train(to: 20, accepts: true, at: moved)
        #expect(run.record?.data.map(\.since) == [0, 10])
    }

    @Test func runsThatRecordedNoDataContinue() throws {
        try pictures.train(to: 10)
        var record = try #require(run.record)
        record.data = []
        try run.write(record)
        try pictures.write(3, seed: 1)
        try pictures.train(to: 20)
        #expect(run.record?.data.map(\.since) == [10])
    }

    /// An image that is damaged, or gone, while training reads it.
    @Test(arguments: [true, false])
    func aRunThatCannotReadOnIsSavedFirst(isGone: Bool) throws {
        let text = message {
            try pictures.train(to: 400) { step in
                guard step == 7 else { return }
                for index in 0..<16 {
                    if isGone {
                        try FileManager.default.removeItem(atPath: pictures.picture(index))
                    } else {
                        try Data(bytes(of: pictures.picture(index)).prefix(60))
                            .write(to: URL(fileURLWithPath: pictures.picture(index)))
                    }
                }
            }
        }
        // Some batches were read ahead.
        let step = try #require(try run.checkpointSteps.last)
        #expect((7...12).contains(step))
        #expect(text.hasPrefix(pictures.path + "/1"), "\(text)")
        #expect(
            text.hasSuffix(
                "The run is saved after step \(step); restore the file, then continue it with: agon run \(run.path) --resume"
            ))
        #expect(!text.contains("\n"))
        #expect(run.record?.state == .failed && run.record?.step == step && run.record?.checkpoint == step)

        for index in 0..<16 { try pictures.write(index) }
        try pictures.train(to: 24)
        try pictures.train(to: 24, run: pictures.folder.path + "/whole")
        #expect(
            try bytes(of: run.checkpointPath(step: 24))
                == bytes(of: pictures.folder.path + "/whole/checkpoints/step-0000024.safetensors"))
    }

    @Test func aTransientErrorOfReadingIsNoFailure() {
        let passing = DatasetError.unreadable(path: "a.png", reason: String(cString: strerror(EIO)))
        #expect(passing.isPassing)
        #expect(!DatasetError.unreadable(path: "a.png", reason: String(cString: strerror(ENOENT))).isPassing)
        #expect(DatasetError.cannotWrite(path: "a.png", reason: String(cString: strerror(ENOSPC))).isPassing)
        #expect(!DatasetError.cannotWrite(path: "a.png", reason: String(cString: strerror(EROFS))).isPassing)
        #expect((TensorsError.cannotWrite(path: "a", code: ENOSPC) as any Error).isPassing)
        // A scheduler would start the run again and again.
        for code in [EACCES, EPERM, EROFS] {
            #expect(!(TensorsError.cannotWrite(path: "a", code: code) as any Error).isPassing)
        }
        let error = TrainingError.badData(folder: "Runs/a", step: 7, reason: "\(passing)", isPassing: true)
        #expect(error.isPassing)
        #expect("\(error)".hasSuffix("The run is saved after step 7; continue it with: agon run Runs/a --resume"))
    }
}
