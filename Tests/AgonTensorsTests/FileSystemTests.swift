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

    /// Foundation's own texts neither name the cause nor tell a full disk from a wrong path.
    @Test func errorsOfFoundationHaveTheSystemsReason() throws {
        let file = try folder.write([1], to: "file")
        do {
            try FileManager.default.removeItem(atPath: file + "/sub")
            Issue.record("a file inside a file")
        } catch {
            #expect(SystemFault.code(of: error) == ENOTDIR)
            #expect(SystemFault.text(of: error) == "Not a directory")
        }
        #expect(throws: TensorsError.cannotWrite(path: file + "/a/b", code: ENOTDIR)) {
            try FileSystem.makeFolders(file + "/a/b")
        }
        #expect(throws: TensorsError.cannotWrite(path: file, code: ENOTDIR)) { try FileSystem.makeFolders(file) }
        try FileSystem.makeFolders(folder.path + "/a/b")
        #expect(FileSystem.isFolder(folder.path + "/a/b"))
        struct Other: Error {}
        #expect(SystemFault.code(of: Other()) == nil && !SystemFault.text(of: Other()).isEmpty)
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
