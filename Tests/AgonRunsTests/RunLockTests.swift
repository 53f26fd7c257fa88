import AgonTestSupport
import Foundation
import Testing

@testable import AgonRuns

@Suite struct RunLockTests {
    @Test func lookingTakesNoLock() throws {
        let folder = try TemporaryFolder()
        let run = RunFolder(path: folder.path)
        #expect(!run.isBusy)
        // Many lookers at once, while the run starts and ends again and again.
        let stop = Flag()
        DispatchQueue.concurrentPerform(iterations: 3) { worker in
            if worker > 0 {
                while !stop.isSet { _ = run.isBusy }
                return
            }
            for _ in 0..<300 {
                let lock = try? run.lock()
                #expect(lock != nil)
                withExtendedLifetime(lock) {}
            }
            stop.set()
        }
        let lock = try run.lock()
        #expect(run.isBusy)
        #expect(throws: RunError.runBusy(folder: folder.path)) { try run.lock() }
        withExtendedLifetime(lock) {}
    }

    @Test func theEndOfTheLockIsSeen() throws {
        let folder = try TemporaryFolder()
        let run = RunFolder(path: folder.path)
        do {
            let lock = try run.lock()
            #expect(run.isBusy)
            withExtendedLifetime(lock) {}
        }
        #expect(!run.isBusy)
        #expect(!RunFolder(path: folder.path + "/none").isBusy)
    }

    /// As an older version holds a run, and `flock` of a shell.
    @Test func holdersByFlockAloneAreSeen() throws {
        let folder = try TemporaryFolder()
        let run = RunFolder(path: folder.path)
        let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        #expect(run.isBusy)
        #expect(throws: RunError.runBusy(folder: folder.path)) { try run.lock() }
        close(descriptor)
        #expect(!run.isBusy)
    }

    private final class Flag: @unchecked Sendable {
        private let lock = NSLock()
        private var value = false
        var isSet: Bool { lock.withLock { value } }
        func set() { lock.withLock { value = true } }
    }
}
