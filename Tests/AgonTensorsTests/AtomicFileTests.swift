import AgonTestFiles
import Foundation
import Testing

@testable import AgonTensors

@Suite struct AtomicFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func fileIsWrittenAndReplaced() throws {
        let path = folder.file("report.txt")
        try AtomicFile.write(path: path, text: "one, längerer Text")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "one, längerer Text")
        try AtomicFile.write(path: path) { output in
            try output.write("two")
            try output.write([10])
            try output.write(elements: [Float(1)])
        }
        #expect(try bytes(of: path) == Array("two\n".utf8) + [0, 0, 0x80, 0x3f])
        #expect(folder.names == ["report.txt"])
    }

    @Test func failingBodyLeavesTheFormerFile() throws {
        struct Interruption: Error {}
        let path = folder.file("weights")
        try AtomicFile.write(path: path, text: "former")
        #expect(throws: Interruption.self) {
            try AtomicFile.write(path: path) { output in
                try output.write("half of the ne")
                throw Interruption()
            }
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "former")
        #expect(folder.names == ["weights"])
    }

    #if os(Linux) || os(macOS)
        /// In a process of its own: the files of other tests stay.
        @Test func signalsThatEndTheProgramLeaveNoPart() async throws {
            await #expect(processExitsWith: .success) {
                let folder = try TemporaryFolder()
                try AtomicFile.write(path: folder.file("former"), text: "former")
                struct Interruption: Error {}
                do {
                    try AtomicFile.write(path: folder.file("weights")) { output in
                        try output.write("half of the weights")
                        try #require(folder.names.count == 2)
                        UnfinishedFile.removeAll()
                        try #require(folder.names == ["former"])
                        throw Interruption()
                    }
                } catch is Interruption {}
                try #require(folder.names == ["former"])
            }
        }
    #endif

    #if os(Linux)
        /// A device that is always full takes the place of the partial file.
        @Test func fullDiskIsAClearErrorAndLeavesNothing() throws {
            let path = folder.file("weights")
            try AtomicFile.write(path: path, text: "former")
            let error = #expect(throws: TensorsError.self) {
                try AtomicFile.write(path: path) { output in
                    let full = open("/dev/full", O_WRONLY)
                    try #require(full >= 0)
                    try #require(dup2(full, output.descriptor) == output.descriptor)
                    close(full)
                    try output.write([UInt8](repeating: 1, count: 100_000))
                }
            }
            #expect(
                error?.description == "\(path): cannot write (No space left on device); free some space and run again")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "former")
            #expect(folder.names == ["weights"])
        }
    #endif

    @Test func missingFolderIsNamed() {
        let path = folder.file("none/weights")
        let error = #expect(throws: TensorsError.self) { try AtomicFile.write(path: path, text: "x") }
        #expect(
            error?.description == "\(path): cannot write (No such file or directory); its folder does not exist")
        #expect(throws: TensorsError.self) { try AtomicFile.write(path: folder.path + "/", text: "x") }
    }

    @Test func folderOfTheSameNameIsKept() throws {
        let path = folder.file("taken")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        let error = #expect(throws: TensorsError.self) { try AtomicFile.write(path: path, text: "x") }
        #expect(error?.description == "\(path): cannot write (Is a directory); a folder has this name")
        #expect(folder.names == ["taken"])
    }

    @Test func relativePathsAndLongNamesWork() throws {
        let name = "agon-test-" + UUID().uuidString
        try AtomicFile.write(path: name, text: "x")
        #expect(FileManager.default.fileExists(atPath: name))
        unlink(name)
        let long = String(repeating: "n", count: 250)
        try AtomicFile.write(path: folder.file(long), text: "x")
        #expect(folder.names == [long])
    }

    @Test func leftoversOfAKilledProgramAreRemoved() throws {
        _ = try folder.write([1], to: ".weights.77-0.partial")
        _ = try folder.write([1], to: "weights.partial")
        _ = try folder.write([1], to: ".hidden")
        AtomicFile.removeLeftovers(in: folder.path)
        #expect(folder.names == [".hidden", "weights.partial"])
        AtomicFile.removeLeftovers(in: folder.file("missing"))
    }

    @Test func concurrentWritersOfOneNameLeaveOneWholeFile() throws {
        let path = folder.file("metrics")
        runConcurrently(4) { worker in
            for _ in 0..<20 {
                try? AtomicFile.write(path: path, bytes: [UInt8](repeating: UInt8(worker), count: 5000))
            }
        }
        let content = try bytes(of: path)
        #expect(content.count == 5000)
        #expect(Set(content).count == 1)
        #expect(folder.names == ["metrics"])
    }
}
