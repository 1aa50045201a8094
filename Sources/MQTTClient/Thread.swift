import Glibc

/// A lock that is held for a few instructions.
final class Lock {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init() { pthread_mutex_init(mutex, nil) }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func with<R>(_ body: () throws -> R) rethrows -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }
}

/// A thread that runs a closure and is waited for by nobody.
final class Thread {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    func begin() {
        var id = pthread_t()
        let argument = Unmanaged.passRetained(self).toOpaque()
        let error = pthread_create(
            &id, nil,
            {
                Unmanaged<Thread>.fromOpaque($0!).takeRetainedValue().body()
                return nil
            }, argument)
        precondition(error == 0, "no thread from the system")
        pthread_detach(id)
    }
}
