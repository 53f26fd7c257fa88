import AgonConfiguration
import AgonTensors
import Foundation
import Testing

@testable import AgonDiagnostics

@Suite struct DoctorTests {
    /// An Intel machine on which nothing is off.
    private func healthy() -> Diagnosis {
        Diagnosis(
            processor: Processor(
                brand: "Intel(R) Xeon(R)", vendor: "GenuineIntel", family: 6, model: 207, hasAVX2: true, hasFMA: true,
                hasAVX512: true, hasNEON: false, usableCores: 4, level2CacheBytes: 2 << 20),
            library: Diagnosis.Library(
                path: "/lib/libopenblas.so.0", version: "0.3.21", configuration: "OpenBLAS 0.3.21 DYNAMIC_ARCH",
                coreType: "SkylakeX", requestedCoreType: "SkylakeX", isCoreTypeChosenByAgon: true,
                isCoreTypeSetByUser: false, threading: "pthreads", hasLAPACK: true),
            speed: Diagnosis.Speed(oneThread: 100, allThreads: 380, threads: 4), totalMemory: 16 << 30,
            availableMemory: 12 << 30)
    }

    private func warnings(_ change: (inout Diagnosis) -> Void) -> [Diagnosis.Warning] {
        var diagnosis = healthy()
        change(&diagnosis)
        return diagnosis.warnings
    }

    @Test func healthyMachineHasNoWarnings() {
        #expect(healthy().warnings.isEmpty)
        #expect(
            healthy().text == """
                processor   Intel(R) Xeon(R) (GenuineIntel, family 6, model 207)
                features    AVX2, FMA, AVX-512
                cores       4 usable, 2048 KiB of L2 cache each
                memory      16.0 GiB, 12.0 GiB available
                BLAS        /lib/libopenblas.so.0
                            OpenBLAS 0.3.21 DYNAMIC_ARCH
                core type   SkylakeX, chosen by Agon from the processor's features
                threading   pthreads; Agon computes each product on one thread
                LAPACKE     found
                speed       100.0 GFLOP/s on one thread, 380.0 on 4 at once (3.8 times)

                all is well
                """)
    }

    @Test func oldKernelsAreNoticed() {
        let chosen = warnings {
            $0.library?.coreType = "Prescott"
            $0.library?.isCoreTypeChosenByAgon = false
        }
        #expect(
            chosen.map(\.problem) == [
                "OpenBLAS uses its Prescott kernels, but the processor has AVX-512"
            ])
        #expect(chosen.first?.remedy.contains("DYNAMIC_ARCH") == true)
        let users = warnings {
            $0.library?.coreType = "Nehalem"
            $0.library?.requestedCoreType = "Nehalem"
            $0.library?.isCoreTypeSetByUser = true
        }
        #expect(users.map(\.remedy) == ["unset OPENBLAS_CORETYPE and let Agon choose"])
        // AVX2 kernels waste half of an Intel core with AVX-512, but nothing of an AMD one.
        #expect(warnings { $0.library?.coreType = "Haswell" }.count == 1)
        let amd = warnings {
            $0.processor = Processor(
                brand: "", vendor: "AuthenticAMD", family: 25, model: 17, hasAVX2: true, hasFMA: true, hasAVX512: true,
                hasNEON: false, usableCores: 2, level2CacheBytes: 0)
            $0.library?.coreType = "Zen"
        }
        #expect(amd.isEmpty)
    }

    @Test func unknownCoreTypeIsNoticed() {
        let found = warnings {
            $0.library?.requestedCoreType = "Nonsense"
            $0.library?.isCoreTypeSetByUser = true
            $0.library?.isCoreTypeChosenByAgon = false
        }
        #expect(
            found.map(\.problem) == ["OPENBLAS_CORETYPE is 'Nonsense', but OpenBLAS uses SkylakeX"])
    }

    @Test func referenceLibraryAndMissingLAPACKAreNoticed() {
        let found = warnings {
            $0.library = Diagnosis.Library(
                path: "/lib/libblas.so.3", version: "", configuration: "", coreType: "", requestedCoreType: "",
                isCoreTypeChosenByAgon: false, isCoreTypeSetByUser: false, threading: "unknown", hasLAPACK: false)
            $0.speed = Diagnosis.Speed(oneThread: 2, allThreads: 4, threads: 2)
        }
        #expect(
            found == [
                Diagnosis.Warning(
                    problem: "LAPACKE is missing: orthogonal initialisation and FID will not work",
                    remedy: "apt-get install liblapacke"),
                Diagnosis.Warning(
                    problem: "/lib/libblas.so.3 is not OpenBLAS and is slow (2.0 GFLOP/s on one thread)",
                    remedy: "apt-get install libopenblas0-pthread, and unset AGON_BLAS"),
            ])
    }

    @Test func threadsThatDoNotHelpAreNoticed() {
        let busy = warnings { $0.speed?.allThreads = 140 }
        #expect(busy.map(\.problem) == ["4 threads together are 1.4 times as fast as one"])
        let openMP = warnings {
            $0.speed?.allThreads = 60
            $0.library?.threading = "openmp"
        }
        #expect(openMP.first?.remedy.contains("OpenMP") == true)
        let starved = warnings { $0.speed = Diagnosis.Speed(oneThread: 18, allThreads: 30, threads: 4) }
        #expect(starved.map(\.problem) == ["4 threads reach only 7.5 GFLOP/s each"])
        let slow = warnings { $0.speed = Diagnosis.Speed(oneThread: 5, allThreads: 20, threads: 4) }
        #expect(slow.map(\.problem) == ["one thread reaches only 5.0 GFLOP/s"])
        #expect(warnings { $0.speed = Diagnosis.Speed(oneThread: 100, allThreads: 100, threads: 1) }.isEmpty)
    }

    @Test func missingLibraryIsTheOnlyWarning() {
        var diagnosis = healthy()
        (diagnosis.library, diagnosis.speed) = (nil, nil)
        diagnosis.libraryError = "OpenBLAS: not found on this machine; install it with `apt-get install x`"
        #expect(
            diagnosis.warnings == [
                Diagnosis.Warning(
                    problem: "OpenBLAS: not found on this machine", remedy: "install it with `apt-get install x`")
            ])
        #expect(diagnosis.text.hasSuffix("remedy: install it with `apt-get install x`"))
        #expect(diagnosis.node["blas"]?.isNull == true)
    }

    @Test func littleMemoryIsNoticed() {
        #expect(
            warnings { $0.availableMemory = 500 << 20 }.map(\.problem) == ["500 MiB of memory are available"])
    }

    @Test func thisMachineIsExamined() throws {
        let diagnosis = Doctor.examine(threads: 2, seconds: 0.05)
        let speed = try #require(diagnosis.speed)
        #expect(speed.threads == 2)
        #expect(speed.oneThread > 0.1 && speed.allThreads > 0.1)
        #expect(diagnosis.library?.path == BLAS.description.library)
        #expect((diagnosis.totalMemory ?? 0) > 0)
        let node = diagnosis.node
        #expect(node["processor"]?["usableCores"]?.integer == Processor.current.usableCores)
        #expect(node["blas"]?["coreType"]?.string == BLAS.description.coreType)
        #expect(try JSONSerialization.jsonObject(with: Data(node.prettyText.utf8)) is [String: Any])
    }
}
