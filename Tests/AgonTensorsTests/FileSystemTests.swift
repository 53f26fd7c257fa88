import AgonTestFiles
import Foundation
import Testing

@testable import AgonTensors

@Suite struct FileSystemTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func onlyWhatIsMissingIsEmpty() throws {
        let file = try folder.write([1, 2, 3], to: "file")
        #expect(try FileSystem.names(in: folder.path) == ["file"])
        #expect(try FileSystem.names(in: folder.path + "/none") == nil)
        #expect(throws: TensorsError.cannotRead(path: file, code: ENOTDIR)) { try FileSystem.names(in: file) }
        #expect(try FileSystem.contents(of: file) == [1, 2, 3])
        #expect(try FileSystem.contents(of: folder.path + "/none") == nil)
        #expect(try FileSystem.contents(of: "/dev/null") == [])
        let loop = folder.path + "/loop"
        try FileManager.default.createSymbolicLink(atPath: loop, withDestinationPath: loop)
        #expect(throws: TensorsError.cannotRead(path: loop, code: ELOOP)) { try FileSystem.contents(of: loop) }
        #expect(throws: TensorsError.cannotRead(path: loop, code: ELOOP)) { try FileSystem.names(in: loop) }
        #expect(FileSystem.exists(file) && FileSystem.exists(loop) && !FileSystem.exists(folder.path + "/none"))
    }

    @Test func threadsRunTheirWork() throws {
        let done = DispatchSemaphore(value: 0)
        try startThread("a test") { done.signal() }
        done.wait()
    }

    @Test func someFaultsPass() {
        #expect(TensorsError.cannotWrite(path: "x", code: ENOSPC).isPassing)
        #expect(TensorsError.cannotRead(path: "x", code: EIO).isPassing)
        #expect(TensorsError.noThread(purpose: "x", code: EAGAIN).isPassing)
        #expect(!TensorsError.cannotWrite(path: "x", code: EACCES).isPassing)
        #expect(!TensorsError.cannotRead(path: "x", code: ENOENT).isPassing)
        #expect(!TensorsError.malformed(path: "x", format: "npy", problem: "").isPassing)
        #expect(TensorsError.cannotRead(path: "x", code: EACCES).isReadFailure)
        #expect(!TensorsError.cannotRead(path: "x", code: ENOENT).isReadFailure)
    }
}
