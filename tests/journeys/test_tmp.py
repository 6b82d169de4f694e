import time
def test_t(begun):
    t=time.time(); d=begun.actum("run"); print(d.said, time.time()-t)
    t=time.time(); d=begun.actum("run"); print(d.said, time.time()-t)
    t=time.time(); d=begun.actum("register","tiny"); print(d.said, time.time()-t)
    t=time.time(); d=begun.actum("register","tiny"); print(d.said, time.time()-t)
    t=time.time(); d=begun.actum("rebuild","tiny@v1.0.0" if False else "tiny@v0.1.0"); print(d.said, time.time()-t)
    print(begun.git("status","--porcelain"), begun.git("log","--stat","-3"))
    print(open(next((begun.repo/".actum/runs").glob("*/journal.jsonl"))).read())
    print(open(next((begun.repo/".actum/runs").glob("*/log.txt"))).read())
